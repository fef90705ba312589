// Command write writes the description of API v1 anew; see package openapi.
package main

import (
	"fmt"
	"os"

	"mozpool/httpapi/openapi/describe"
)

func main() {
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, "describe the API:", err)
		os.Exit(1)
	}
}

// write runs in the folder of package openapi, as go generate does.
func write() error {
	comments, err := describe.Comments("../v1", "../../actors/board")
	if err != nil {
		return err
	}
	doc, err := describe.Document(comments, false)
	if err != nil {
		return err
	}
	if err := os.WriteFile("openapi.json", doc, 0o644); err != nil {
		return fmt.Errorf("write the document: %w", err)
	}
	page, err := describe.Page(doc)
	if err != nil {
		return err
	}
	if err := os.WriteFile("openapi.html", page, 0o644); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	return nil
}
