package images

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// BlockSize is how many bytes of content a line of a block list stands for; the last one may stand for fewer. It is what
// scripts write to a card at once.
const BlockSize = 2 << 20

// blocksFolder holds the block lists, each under its own hash.
const blocksFolder = "blocks"

// measureBlocks hashes content as a whole and block by block, in one pass. The list has a line for each block: its sha256,
// and " 0" behind it where the block is nothing but zeros, which nobody needs to fetch.
func measureBlocks(r io.Reader) (Content, []byte, error) {
	whole, zeros := sha256.New(), sha256.Sum256(make([]byte, BlockSize))
	var size int64
	var list []byte
	err := blockwise(r, BlockSize, func(block []byte) error {
		if len(block) < BlockSize {
			zeros = sha256.Sum256(make([]byte, len(block)))
		}
		_, _ = whole.Write(block) // a hash takes everything
		sum := sha256.Sum256(block)
		list = fmt.Appendf(list, "%x", sum)
		if sum == zeros {
			list = append(list, " 0"...)
		}
		list = append(list, '\n')
		size += int64(len(block))
		return nil
	})
	if err != nil {
		return Content{}, nil, fmt.Errorf("unpack: %w", err)
	}
	return Content{Size: size, SHA256: hexSum(whole.Sum(nil))}, list, nil
}

// blockwise hands all that a reader gives to do, size bytes at a time, and fewer at the end. io.ReadFull would not do: it
// calls the end within a block what readers call a file cut short.
func blockwise(r io.Reader, size int, do func([]byte) error) error {
	buf := make([]byte, size)
	for n := 0; ; {
		got, err := r.Read(buf[n:])
		n += got
		ended := errors.Is(err, io.EOF)
		if err != nil && !ended {
			return err
		}
		if n == size || ended && n > 0 {
			if err := do(buf[:n]); err != nil {
				return err
			}
			n = 0
		}
		if ended {
			return nil
		}
	}
}

// content measures what a reader gives and keeps its block list in the store. Without room for the list there is none:
// boards are then written in full.
func (x *index) content(r io.Reader) (Content, error) {
	c, list, err := measureBlocks(r)
	if err != nil || c.Size == 0 {
		return c, err
	}
	sum := sha256.Sum256(list)
	name := hexSum(sum[:])
	if err := x.keepBlocks(name, list); err != nil {
		x.log.Warn("a list of blocks is not kept: boards will be written in full", "err", err)
		return c, nil
	}
	c.Blocks = name
	return c, nil
}

func (x *index) keepBlocks(name string, list []byte) error {
	if x.hasBlocks(name) {
		return nil
	}
	file := filepath.Join(x.roots.store, blocksFolder, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return replaceFile(file, list)
}

// hasBlocks says whether the store has a block list; there is nothing to have where none could be kept.
func (x *index) hasBlocks(name string) bool {
	if name == "" {
		return true
	}
	x.touch(path.Join(blocksFolder, name))
	_, err := os.Stat(filepath.Join(x.roots.store, blocksFolder, name))
	return err == nil
}

// Blocks gives the block list of what an artifact unpacks to, see BlockSize. fs.ErrNotExist: there is none (any more).
func (c *Catalogue) Blocks(a Artifact) ([]byte, error) {
	if a.Unpacked.Blocks == "" {
		return nil, fmt.Errorf("block list of %s: %w", a.Name, fs.ErrNotExist)
	}
	file, _, err := c.roots.open(InStore, path.Join(blocksFolder, a.Unpacked.Blocks))
	if err != nil {
		return nil, fmt.Errorf("block list of %s: %w", a.Name, err)
	}
	defer func() { _ = file.Close() }() // read only
	list, err := io.ReadAll(file)
	if err != nil {
		return nil, fmt.Errorf("block list of %s: %w", a.Name, err)
	}
	return list, nil
}
