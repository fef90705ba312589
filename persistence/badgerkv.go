package persistence

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/dgraph-io/badger/v4"
)

// badgerKV is a Badger transaction as the rules see it.
type badgerKV struct{ txn *badger.Txn }

func (b badgerKV) Get(key []byte) ([]byte, error) {
	item, err := b.txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read from journal: %w", err)
	}
	return item.ValueCopy(nil)
}

func (b badgerKV) Set(key, value []byte) error { return b.txn.Set(key, value) }

func (b badgerKV) Delete(key []byte) error { return b.txn.Delete(key) }

func (b badgerKV) Scan(prefix []byte, backwards bool, fn func(key, value []byte) bool) error {
	opt := badger.DefaultIteratorOptions
	opt.Prefix, opt.Reverse = prefix, backwards
	it := b.txn.NewIterator(opt)
	defer it.Close()
	from := prefix
	if backwards { // to the last key of the prefix
		from = append(append([]byte{}, prefix...), 0xff)
	}
	for it.Seek(from); it.ValidForPrefix(prefix); it.Next() {
		value, err := it.Item().ValueCopy(nil)
		if err != nil {
			return fmt.Errorf("read from journal: %w", err)
		}
		if !fn(it.Item().KeyCopy(nil), value) {
			return nil
		}
	}
	return nil
}

// badgerLog hands on what Badger warns of, and nothing below.
type badgerLog struct{ log *slog.Logger }

// Errorf implements badger.Logger.
func (b badgerLog) Errorf(format string, args ...any) { b.log.Error(b.line(format, args)) }

// Warningf implements badger.Logger.
func (b badgerLog) Warningf(format string, args ...any) { b.log.Warn(b.line(format, args)) }

// Infof implements badger.Logger.
func (badgerLog) Infof(string, ...any) {}

// Debugf implements badger.Logger.
func (badgerLog) Debugf(string, ...any) {}

func (badgerLog) line(format string, args []any) string {
	return "badger: " + strings.TrimSpace(fmt.Sprintf(format, args...))
}
