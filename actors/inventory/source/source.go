// Package source fetches lists of boards: from a file, or from a URL.
//
// It decides how a list is got and turned into the format of boards.yaml:
// conditional requests, sizes, retries, credentials, CSV. It refuses to return
// half a list: an answer that is cut off, too large or no list at all is an
// error that names the source. What is wrong with single boards stands in their
// records. Package keeper calls it.
package source

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"mozpool/actors/inventory"
	"mozpool/persistence/strictyaml"
)

// Source is one place that lists boards.
type Source interface {
	// Name is that of the configuration; every board says which source it is of.
	Name() string
	// Where is what the source reads, for people; without credentials.
	Where() string
	// Fetch returns the whole list. Not to be called twice at a time.
	Fetch(ctx context.Context) ([]inventory.Record, error)
}

// maxBytes is the size of the largest list that is read.
const maxBytes = strictyaml.MaxBytes

// File is a file in the format of boards.yaml, JSON of that shape, or CSV.
type File struct {
	Title string // name of the source
	Path  string
	Power inventory.ParsePower
}

// Name implements Source.
func (f File) Name() string { return f.Title }

// Where implements Source.
func (f File) Where() string { return f.Path }

// Fetch implements Source.
func (f File) Fetch(context.Context) ([]inventory.Record, error) {
	in, err := os.Open(f.Path)
	if err != nil {
		return nil, fmt.Errorf("inventory source %s: %w", f.Title, err)
	}
	defer func() { _ = in.Close() }() // read only
	data, err := io.ReadAll(io.LimitReader(in, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("inventory source %s: read %s: %w", f.Title, f.Path, err)
	}
	records, err := parse(f.Title, isCSV(f.Path, ""), data, f.Power)
	if err != nil {
		return nil, fmt.Errorf("inventory source %s: %s: %w", f.Title, f.Path, err)
	}
	return records, nil
}

// isCSV tells a table from YAML and JSON, which are read alike.
func isCSV(name, contentType string) bool {
	return strings.EqualFold(path.Ext(name), ".csv") || strings.HasPrefix(contentType, "text/csv")
}

// parse reads a list whose boards are of the source called title.
func parse(title string, table bool, data []byte, power inventory.ParsePower) ([]inventory.Record, error) {
	if len(data) > maxBytes {
		return nil, fmt.Errorf("the list is larger than %d MiB; is it the right one?", maxBytes>>20)
	}
	if table {
		var err error
		if data, err = fromCSV(data); err != nil {
			return nil, err
		}
	}
	records, problems := inventory.Records(title, data, power)
	if err := problems.Err(); err != nil {
		return nil, fmt.Errorf("it is no list of boards: %w", err)
	}
	return records, nil
}

// fromCSV turns a table with a row of heads (name, id, mac, rack, hardware,
// power, address, place, and label.KEY for each label) into JSON. Cells that are
// empty are left out.
func fromCSV(data []byte) ([]byte, error) {
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(string(data), "\ufeff")))
	rows, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("read the table: %w", err)
	}
	if len(rows) == 0 {
		return nil, errors.New("the table has no row of heads; the first row names the columns: name,mac,rack,hardware,power")
	}
	boards := make([]map[string]any, 0, len(rows)-1)
	for _, row := range rows[1:] {
		boards = append(boards, fromRow(rows[0], row))
	}
	out, err := json.Marshal(map[string]any{"boards": boards})
	if err != nil {
		return nil, fmt.Errorf("read the table: %w", err)
	}
	return out, nil
}

func fromRow(heads, row []string) map[string]any {
	board, labels := make(map[string]any), make(map[string]string)
	for i, head := range heads {
		value := strings.TrimSpace(row[i])
		key := strings.ToLower(strings.TrimSpace(head))
		if value == "" {
			continue
		}
		if label, ok := strings.CutPrefix(key, "label."); ok {
			labels[label] = value
			continue
		}
		board[key] = value
	}
	if len(labels) > 0 {
		board["labels"] = labels
	}
	return board
}
