// Package backup writes what a server must not lose into one file, and makes a data folder of it again.
//
// It decides the file's format and what belongs into it: the journal as it was at one moment (boards, their events,
// attempts and documents) and the log of who changed what. It refuses a file that was cut off, changed, or written by
// a newer version, and never writes over a journal. Left out are boards' logs, which age away by themselves, and what
// people keep elsewhere: configuration, images, certificates. The server calls Write, the command line Verify and
// Restore.
//
// A backup is a line with the format, a line of JSON (Head), then pairs: the lengths of name and value as uvarints,
// name, value. A name begins with what it is of: j a key of the journal, a the audit log, whose parts follow each
// other. A pair of two lengths 0 ends them; behind it is the SHA-256 of all before.
package backup

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"mozpool/persistence"
)

// Format is the version that Write writes and the newest that Verify and Restore read.
const Format = 1

const formatLine = "mozpool backup %d\n"

// What a pair is of.
const (
	ofJournal = 'j'
	ofAudit   = 'a'
)

const auditPart = 64 << 10

// Head says whose backup it is.
type Head struct {
	Server  string    `json:"server"`
	Version string    `json:"version"` // of the mozpool that wrote it
	At      time.Time `json:"at"`      // the moment
}

// Write writes a backup: the journal's moment, and the audit log up to its end now.
func Write(w io.Writer, h Head, journal *persistence.Moment, audit io.Reader) error {
	sum := sha256.New()
	out := &pairs{w: bufio.NewWriterSize(io.MultiWriter(w, sum), 256<<10)}
	head, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	out.print(fmt.Sprintf(formatLine, Format) + string(head) + "\n")
	err = journal.Each(func(key, value []byte) bool {
		out.pair(ofJournal, key, value)
		return out.err == nil
	})
	if err == nil {
		err = out.stream(ofAudit, audit)
	}
	if err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	out.print("\x00\x00")
	if err := out.flush(); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	if _, err := w.Write(sum.Sum(nil)); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	return nil
}

// pairs writes; after an error it writes no more.
type pairs struct {
	w   *bufio.Writer
	err error
}

func (p *pairs) print(text string) {
	if p.err == nil {
		_, p.err = p.w.WriteString(text)
	}
}

func (p *pairs) pair(of byte, name, value []byte) {
	head := binary.AppendUvarint(nil, uint64(len(name)+1))
	p.print(string(append(binary.AppendUvarint(head, uint64(len(value))), of)))
	p.print(string(name))
	p.print(string(value))
}

// stream writes what r has, in parts.
func (p *pairs) stream(of byte, r io.Reader) error {
	part := make([]byte, auditPart)
	for p.err == nil {
		n, err := io.ReadFull(r, part)
		if n > 0 {
			p.pair(of, nil, part[:n])
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return err
		}
	}
	return p.err
}

func (p *pairs) flush() error {
	if p.err == nil {
		p.err = p.w.Flush()
	}
	return p.err
}
