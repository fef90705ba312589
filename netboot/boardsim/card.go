package boardsim

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"os"
)

// Where things are on a card: the partition table, the loader behind it, p1 with the rest of the loader, p2 with the
// image. A whole-disk image on a board whose loader lives here ends the board.
const (
	loaderAt   = 4096
	partition1 = 1 << 20
	partition2 = 2 << 20
	minCard    = 4 << 20
	loaderText = "mozpool simulated loader: without these bytes the board is dead"
)

// card is a board's card, a sparse file. Only the board's goroutine uses it.
type card struct {
	f      *os.File
	size   int64
	loader bool
	old    *Image // ran last
}

func openCard(path string, size int64, loader bool) (*card, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("card: %w", err)
	}
	c := &card{f: f, size: size, loader: loader}
	if err := c.prepare(); err != nil {
		_ = f.Close() // the error says more
		return nil, fmt.Errorf("card %s: %w", path, err)
	}
	return c, nil
}

// prepare partitions a new card and puts the loader on it, as a card duplicator would.
func (c *card) prepare() error {
	info, err := c.f.Stat()
	if err != nil || info.Size() > 0 {
		return err
	}
	if err := c.f.Truncate(c.size); err != nil {
		return err
	}
	table := make([]byte, sector)
	partition := func(n int, start, length int64) {
		e := table[446+16*n:]
		e[4] = 0x83
		binary.LittleEndian.PutUint32(e[8:], uint32(start/sector))
		binary.LittleEndian.PutUint32(e[12:], uint32(length/sector))
	}
	partition(0, partition1, partition2-partition1)
	partition(1, partition2, c.size-partition2)
	table[510], table[511] = 0x55, 0xAA
	for at, data := range map[int64][]byte{0: table, loaderAt: []byte(loaderText), partition1: []byte(loaderText)} {
		if _, err := c.f.WriteAt(data, at); err != nil {
			return err
		}
	}
	return nil
}

// loaderAlive says whether the board can still boot.
func (c *card) loaderAlive() bool {
	if !c.loader {
		return true
	}
	got := make([]byte, len(loaderText))
	for _, at := range []int64{loaderAt, partition1} {
		if _, err := c.f.ReadAt(got, at); err != nil || string(got) != loaderText {
			return false
		}
	}
	return true
}

// start is where a device of the board begins: its disk, or partition N.
func (c *card) start(partition int) (int64, error) {
	if partition == 0 {
		return 0, nil
	}
	table := make([]byte, sector)
	if _, err := c.f.ReadAt(table, 0); err != nil {
		return 0, fmt.Errorf("read the partition table: %w", err)
	}
	if partition > 4 || !bytes.Equal(table[510:], []byte{0x55, 0xAA}) {
		return 0, fmt.Errorf("the card has no partition %d", partition)
	}
	at := int64(binary.LittleEndian.Uint32(table[446+16*(partition-1)+8:])) * sector
	if at == 0 {
		return 0, fmt.Errorf("the card has no partition %d", partition)
	}
	return at, nil
}

// image is what boots from the card: what is in the second partition, or what begins with the disk where there are no
// partitions. With survives, the image that ran last boots from a card that was half written over.
func (c *card) image(survives bool) (Image, error) {
	at, err := c.start(2)
	if err != nil {
		at = 0 // whatever wrote over the table begins here
	}
	img, err := readImage(io.NewSectionReader(c.f, at, c.size-at))
	switch {
	case err == nil:
		c.old = &img
		return img, nil
	case survives && c.old != nil:
		return *c.old, nil
	}
	return Image{}, err
}

// sum hashes length bytes from at on.
func (c *card) sum(at, length int64) (string, error) {
	h := sha256.New()
	if _, err := io.CopyN(h, io.NewSectionReader(c.f, at, length), length); err != nil {
		return "", fmt.Errorf("read the card: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (c *card) close() error { return c.f.Close() }
