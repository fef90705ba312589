package persistence

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// DataFormat is the version of the data folder as a whole, which this mozpool
// writes. It rises when what an older version would make of the folder is
// wrong; journal and logs have formats of their own within it.
//
//	0  no FORMAT file: before it was kept
//	1  the same, with indexes beside sealed log segments
const DataFormat = 1

const dataLine = "mozpool data %d\n"

// steps[n] makes version n+1 of version n. Each may be repeated: the process
// may die before the new version is written down.
var steps = [DataFormat]func(dir string) error{
	func(string) error { return nil }, // opening the logs makes their indexes
}

// ClaimData makes the data folder ready: it is made, or brought up to
// DataFormat, or refused because a newer mozpool wrote to it.
func ClaimData(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make data folder %s: %w; give this user write access or name another folder", dir, err)
	}
	path := filepath.Join(dir, "FORMAT")
	found, err := readDataFormat(path)
	if err != nil {
		return err
	}
	if found > DataFormat {
		return fmt.Errorf("data folder %s has format %d, this mozpool knows those up to %d; use the newer version that wrote it, or restore a backup into another folder",
			dir, found, DataFormat)
	}
	if found == DataFormat {
		return nil
	}
	for n, step := range steps[found:] {
		if err := step(dir); err != nil {
			return fmt.Errorf("bring data folder %s from format %d to %d: %w", dir, found+n, found+n+1, err)
		}
	}
	if err := writeFileSynced(path, fmt.Appendf(nil, dataLine, DataFormat)); err != nil {
		return fmt.Errorf("data folder %s cannot be written (%w); give this user write access or name another folder", dir, err)
	}
	return nil
}

func readDataFormat(path string) (version int, err error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the data folder's format: %w", err)
	}
	if _, err := fmt.Sscanf(string(text), dataLine, &version); err != nil || version < 1 {
		return 0, fmt.Errorf("%s says %.40q, which is no format of mozpool's; name another data folder", path, strings.TrimSpace(string(text)))
	}
	return version, nil
}
