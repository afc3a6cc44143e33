// Parses a JSON list of Power Query expressions with Microsoft's parser; prints for each what is wrong, or nothing.
const { DefaultSettings, TaskUtils } = require("@microsoft/powerquery-parser");

async function main() {
  let text = "";
  for await (const chunk of process.stdin) text += chunk;
  const errors = [];
  for (const expression of JSON.parse(text)) {
    const task = await TaskUtils.tryLexParse(DefaultSettings, expression);
    errors.push(TaskUtils.isParseStageOk(task) ? "" : task.error.message);
  }
  console.log(JSON.stringify(errors));
}

main();
