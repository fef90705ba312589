// Package backup writes what a server must not lose into one file, and makes a data folder of it again.
//
// It decides the file's format and what belongs into it: the journal as it was at one moment (boards, their events,
// attempts and documents), the log of who changed what, and the artifacts that were uploaded. It refuses a file that
// was cut off, changed, or written by a newer version, and never writes over a journal. Left out are boards' logs and
// the details of attempts, which age away by themselves, crash dumps, and what people keep elsewhere: configuration,
// images.yaml and its files, certificates. The server calls Write, the command line Verify and Restore.
//
// A backup is a line with the format, a line of JSON (Head), then pairs: the lengths of name and value as uvarints,
// name, value. A name begins with what it is of: j a key of the journal, a the audit log, whose parts follow each
// other, u an artifact (behind it its hash; the value is an Artifact), p its parts, e its end. A pair of two lengths 0
// ends them; behind it is the SHA-256 of all before. Format 1 had no artifacts.
package backup

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"mozpool/persistence"
)

// Format is the version that Write writes and the newest that Verify and Restore read.
const Format = 2

const formatLine = "mozpool backup %d\n"

// What a pair is of.
const (
	ofJournal = 'j'
	ofAudit   = 'a'
	ofUpload  = 'u'
	ofPart    = 'p'
	ofEnd     = 'e'
)

// part is how much of the audit log or of an artifact one pair holds.
const part = 64 << 10

// Head says whose backup it is.
type Head struct {
	Server  string    `json:"server"`
	Version string    `json:"version"` // of the mozpool that wrote it
	At      time.Time `json:"at"`      // the moment
}

// Content is what goes into a backup. All of it is of one moment; it is read as the backup is written.
type Content struct {
	Journal *persistence.Moment
	Audit   io.Reader
	Uploads []Upload
}

// Upload is an artifact on its way into a backup.
type Upload struct {
	Artifact
	Body io.Reader // nil: it is only named
}

// Write writes a backup. It releases the journal's moment as soon as it can, since artifacts may take an hour.
func Write(w io.Writer, h Head, c Content) error {
	sum := sha256.New()
	out := &pairs{w: bufio.NewWriterSize(io.MultiWriter(w, sum), 256<<10)}
	if err := out.content(h, c); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	if _, err := w.Write(sum.Sum(nil)); err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	return nil
}

func (p *pairs) content(h Head, c Content) error {
	head, err := json.Marshal(h)
	if err != nil {
		return err
	}
	p.print(fmt.Sprintf(formatLine, Format) + string(head) + "\n")
	err = c.Journal.Each(func(key, value []byte) bool {
		p.pair(ofJournal, key, value)
		return p.err == nil
	})
	c.Journal.Release()
	if err != nil {
		return err
	}
	if _, err := p.stream(ofAudit, c.Audit); err != nil {
		return err
	}
	for _, u := range c.Uploads {
		if err := p.upload(u); err != nil {
			return err
		}
	}
	p.print("\x00\x00")
	return p.flush()
}
