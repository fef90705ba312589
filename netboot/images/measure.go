package images

import (
	"fmt"
	"maps"
	"os"
)

// whole gives size, time and hash of a file as it lies there.
func (x *index) whole(in Folder, path string) (facts, error) {
	return x.grow(in, path, func(f facts) bool { return f.SHA256 != "" }, addWhole)
}

// unpacked also gives what it unpacks to, and the partition table of that.
func (x *index) unpacked(in Folder, path string, c Compression) (facts, error) {
	have := func(f facts) bool { return f.Unpacked != nil && x.hasBlocks(f.Unpacked.Blocks) }
	return x.grow(in, path, have, func(file *os.File, f *facts) error { return addUnpacked(file, f, c, x.content) })
}

// part also gives the content of one partition.
func (x *index) part(in Folder, path string, c Compression, number int) (facts, error) {
	if _, err := x.unpacked(in, path, c); err != nil {
		return facts{}, err
	}
	have := func(f facts) bool { p, ok := f.Parts[number]; return ok && x.hasBlocks(p.Blocks) }
	return x.grow(in, path, have, func(file *os.File, f *facts) error {
		p, err := f.partition(number)
		if err != nil {
			return err
		}
		content, err := x.measurePart(file, c, p)
		if err != nil {
			return err
		}
		// Facts are handed out by value: the map must not be written to.
		f.Parts = maps.Clone(f.Parts)
		if f.Parts == nil {
			f.Parts = make(map[int]Content, 1)
		}
		f.Parts[number] = content
		return nil
	})
}

// archive also gives the regular files of a tar archive.
func (x *index) archive(in Folder, path string, c Compression) (facts, error) {
	if _, err := x.unpacked(in, path, c); err != nil {
		return facts{}, err
	}
	return x.grow(in, path, func(f facts) bool { return f.TarRead }, func(file *os.File, f *facts) (err error) {
		f.Tar, err = measureTar(file, c)
		f.TarRead = err == nil
		return err
	})
}

func addWhole(file *os.File, f *facts) (err error) {
	if f.SHA256 != "" {
		return nil
	}
	if f.SHA256, err = measureWhole(file); err != nil {
		return err
	}
	return rewind(file)
}

// addUnpacked measures what a file unpacks to; a file that is not packed is read only once for it.
func addUnpacked(file *os.File, f *facts, c Compression, measure measurer) error {
	if c != Plain {
		if err := addWhole(file, f); err != nil {
			return err
		}
	}
	content, err := measureUnpacked(file, c, measure)
	if err != nil {
		return err
	}
	if err := rewind(file); err != nil {
		return err
	}
	if c == Plain {
		f.SHA256 = content.SHA256
	}
	table, err := measureTable(file, c)
	f.TableError = ""
	if err != nil {
		f.TableError = err.Error()
	}
	f.Unpacked, f.Table = &content, table
	return nil
}

// partition finds a partition by number.
func (f facts) partition(number int) (Partition, error) {
	if f.TableError != "" {
		return Partition{}, fmt.Errorf("its partition table cannot be read: %s", f.TableError)
	}
	for _, p := range f.Table {
		if p.Number == number {
			return p, nil
		}
	}
	return Partition{}, fmt.Errorf("there is no partition %d in it; %s", number, describeTable(f.Table))
}
