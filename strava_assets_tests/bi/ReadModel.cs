// Reads a folder of TMDL with Microsoft's TmdlSerializer and prints what it has as lines of tab-separated fields.
// `make tools-powerbi` compiles it; the test of the semantic model runs it under Mono.
using System;
using Microsoft.AnalysisServices.Tabular;

public static class ReadModel
{
    public static int Main(string[] arguments)
    {
        Database database;
        try
        {
            database = TmdlSerializer.DeserializeDatabaseFromFolder(arguments[0]);
        }
        catch (Exception error)
        {
            Console.WriteLine("error\t" + error.GetType().Name + "\t" + error.Message.Replace("\n", " ").Replace("\r", "").Replace("\t", " "));
            return 1;
        }
        Console.WriteLine("model\t" + database.CompatibilityLevel + "\t" + database.Model.DiscourageImplicitMeasures);
        foreach (Table table in database.Model.Tables)
        {
            Console.WriteLine("table\t" + table.Name + "\t" + table.Description);
            foreach (Column column in table.Columns)
            {
                Console.WriteLine(string.Join("\t", "column", table.Name, column.Name, column.DataType, column.SummarizeBy,
                    column.IsHidden, column.FormatString, column.Description));
            }
            foreach (Measure measure in table.Measures)
            {
                Console.WriteLine(string.Join("\t", "measure", table.Name, measure.Name, measure.Expression,
                    measure.FormatString, measure.Description));
            }
            foreach (Partition partition in table.Partitions)
            {
                Console.WriteLine(string.Join("\t", "partition", table.Name, partition.SourceType));
            }
        }
        foreach (SingleColumnRelationship relationship in database.Model.Relationships)
        {
            Console.WriteLine(string.Join("\t", "relationship", relationship.FromTable.Name, relationship.FromColumn.Name,
                relationship.ToTable.Name, relationship.ToColumn.Name));
        }
        foreach (NamedExpression expression in database.Model.Expressions)
        {
            Console.WriteLine(string.Join("\t", "expression", expression.Name, expression.Expression));
        }
        return 0;
    }
}
