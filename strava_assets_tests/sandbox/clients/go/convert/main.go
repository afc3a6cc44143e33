// Converts Strava's description of its API from Swagger 2.0, which it is written in, to OpenAPI 3, which the
// generator reads.
package main

import (
	"encoding/json"
	"log"
	"os"
	"regexp"
	"strings"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
)

func main() {
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var swagger openapi2.T
	if err := json.Unmarshal(text, &swagger); err != nil {
		log.Fatal(err)
	}
	alignParameters(swagger.Paths)
	converted, err := openapi2conv.ToV3(&swagger)
	if err != nil {
		log.Fatal(err)
	}
	joinLists(converted.Paths.Map())
	if err := json.NewEncoder(os.Stdout).Encode(converted); err != nil {
		log.Fatal(err)
	}
}

var placeholder = regexp.MustCompile(`{(\w+)}`)

// Two operations of the description do not agree with their paths: the weight of PUT /athlete is said to be in
// the path, and the id of /athletes/{id}/routes is not declared.
func alignParameters(paths map[string]*openapi2.PathItem) {
	for path, item := range paths {
		for _, operation := range item.Operations() {
			declared := map[string]bool{}
			for _, parameter := range operation.Parameters {
				if parameter.In == "path" && !strings.Contains(path, "{"+parameter.Name+"}") {
					parameter.In = "query"
				}
				declared[parameter.Name] = true
			}
			for _, match := range placeholder.FindAllStringSubmatch(path, -1) {
				if !declared[match[1]] {
					operation.Parameters = append(operation.Parameters, &openapi2.Parameter{
						Name: match[1], In: "path", Required: true, Type: &openapi3.Types{"integer"}, Format: "int64",
					})
				}
			}
		}
	}
}

// Lists in the address are joined by commas: the conversion drops collectionFormat, and OpenAPI 3 would repeat the
// name instead.
func joinLists(paths map[string]*openapi3.PathItem) {
	explode := false
	for _, item := range paths {
		for _, operation := range item.Operations() {
			for _, parameter := range operation.Parameters {
				if parameter.Value != nil && parameter.Value.In == "query" && parameter.Value.Schema.Value.Type.Is("array") {
					parameter.Value.Explode = &explode
				}
			}
		}
	}
}
