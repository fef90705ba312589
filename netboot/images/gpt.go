package images

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// Limits of a GPT's array of entries: the standard's size is 128 of 128 bytes.
const (
	gptMaxEntries   = 1024
	gptMinEntrySize = 128
	gptMaxEntrySize = 4096
)

// readGPT reads the table of UEFI 2.10, section 5.3, that follows a protective
// MBR. Both checksums have to fit: a board's loader would refuse it otherwise.
func readGPT(disk *forward) ([]Partition, error) {
	header := make([]byte, sector)
	if err := disk.readAt(sector, header); err != nil {
		return nil, fmt.Errorf("read the GPT header: %w", err)
	}
	le := binary.LittleEndian
	length := le.Uint32(header[12:])
	if string(header[:8]) != "EFI PART" || length < 92 || length > sector {
		return nil, errors.New("a protective MBR without a GPT header behind it")
	}
	sum := le.Uint32(header[16:])
	clear(header[16:20])
	if crc32.ChecksumIEEE(header[:length]) != sum {
		return nil, errors.New("the checksum of the GPT header is wrong")
	}
	count, size := le.Uint32(header[80:]), le.Uint32(header[84:])
	first := le.Uint64(header[72:])
	if count > gptMaxEntries || size < gptMinEntrySize || size > gptMaxEntrySize || first < 2 || first > 1<<40 {
		return nil, fmt.Errorf("a GPT of %d entries of %d bytes at sector %d makes no sense", count, size, first)
	}
	entries := make([]byte, count*size)
	if err := disk.readAt(int64(first)*sector, entries); err != nil {
		return nil, fmt.Errorf("read the GPT entries: %w", err)
	}
	if crc32.ChecksumIEEE(entries) != le.Uint32(header[88:]) {
		return nil, errors.New("the checksum of the GPT entries is wrong")
	}
	return gptPartitions(entries, int(size))
}

func gptPartitions(entries []byte, size int) ([]Partition, error) {
	le := binary.LittleEndian
	var out []Partition
	for i := 0; (i+1)*size <= len(entries); i++ {
		e := entries[i*size:]
		kind := le.Uint32(e)
		first, last := le.Uint64(e[32:]), le.Uint64(e[40:])
		if kind == 0 && le.Uint64(e[8:]) == 0 {
			continue // unused
		}
		if last < first || last > 1<<50 {
			return nil, fmt.Errorf("GPT entry %d ends before it begins", i+1)
		}
		out = append(out, Partition{Number: i + 1, Start: int64(first) * sector,
			Size: int64(last-first+1) * sector, Type: fmt.Sprintf("%08X", kind)})
	}
	return out, nil
}
