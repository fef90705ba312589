package replica

import (
	"encoding/binary"
	"fmt"

	"mozpool/persistence"
)

// One entry of the log holds as many writes as were waiting, so that the log
// is synced once for all of them: a version byte, then each write with its
// length before it.
const entryVersion = 1

// appendOp adds an encoded write to an entry, which may be nil.
func appendOp(entry, op []byte) []byte {
	if entry == nil {
		entry = append(make([]byte, 0, len(op)+16), entryVersion)
	}
	return append(binary.AppendUvarint(entry, uint64(len(op))), op...)
}

// splitEntry reads all writes of an entry. An error means that this version
// cannot carry the entry out, and must not go past it.
func splitEntry(entry []byte, kinds persistence.Kinds) (ops []persistence.Op, err error) {
	if len(entry) == 0 || entry[0] != entryVersion {
		return nil, fmt.Errorf("log entry of %d bytes is not of this format; upgrade this server", len(entry))
	}
	for rest := entry[1:]; len(rest) > 0; {
		size, n := binary.Uvarint(rest)
		if n <= 0 || size > uint64(len(rest)-n) {
			return nil, fmt.Errorf("log entry of %d bytes is cut off", len(entry))
		}
		op, err := kinds.Decode(rest[n : n+int(size)])
		if err != nil {
			return nil, fmt.Errorf("read log entry: %w", err)
		}
		ops = append(ops, op)
		rest = rest[n+int(size):]
	}
	return ops, nil
}
