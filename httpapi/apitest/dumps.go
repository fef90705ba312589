package apitest

import (
	"errors"
	"fmt"
	"io"
	"os"

	"mozpool/netboot/dumps"
)

// Dumps is a store in which every board has left one crash dump. It is read by any
// name, and deleted by any but "none".
type Dumps struct{}

// List gives the one.
func (Dumps) List(string) ([]dumps.File, error) {
	return []dumps.File{{Name: "20261123T084000Z-vmcore", Size: 4096, At: Now}}, nil
}

// Read opens four bytes.
func (Dumps) Read(_, _ string) (*os.File, error) {
	f, err := os.CreateTemp("", "dump")
	if err != nil {
		return nil, err
	}
	_, err = f.WriteString("core")
	_, back := f.Seek(0, io.SeekStart)
	return f, errors.Join(err, back, os.Remove(f.Name()))
}

// Delete says that it is gone.
func (Dumps) Delete(_, name string) error {
	if name == "none" {
		return fmt.Errorf("%s: %w", name, dumps.ErrNone)
	}
	return nil
}
