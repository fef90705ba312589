package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"
)

// State says what a backup has of an artifact.
type State string

// What a backup has of an artifact.
const (
	Whole   State = "whole"
	LeftOut State = "left_out" // only its name, as was asked for
	Damaged State = "damaged"  // what the server's disk gave is not what its hash says
)

// Artifact is one that was uploaded.
type Artifact struct {
	SHA256 string    `json:"-"`
	Name   string    `json:"name"` // that it came under
	Size   int64     `json:"size"` // bytes
	At     time.Time `json:"at"`   // when it came
}

// upload writes one artifact. One that the disk has spoiled is said to be so by its end, and keeps nobody from a backup
// of the rest.
func (p *pairs) upload(u Upload) error {
	note, err := json.Marshal(u.Artifact)
	if err != nil {
		return err
	}
	p.pair(ofUpload, []byte(u.SHA256), note)
	state := LeftOut
	if u.Body != nil {
		sum := sha256.New()
		read, err := p.stream(ofPart, io.TeeReader(u.Body, sum))
		if err != nil {
			return err
		}
		if state = Whole; read != nil || hex.EncodeToString(sum.Sum(nil)) != u.SHA256 {
			state = Damaged
		}
	}
	p.pair(ofEnd, nil, []byte(state))
	return p.err
}

// Found is an artifact in a backup.
type Found struct {
	Artifact
	State State
}

// upload reads one artifact, whose first pair is given, and hands it out as it is read.
func (in *reader) upload(sum, note []byte, keep func(Artifact, io.Reader) error) (Found, error) {
	f := Found{Artifact: Artifact{SHA256: string(sum)}}
	if err := json.Unmarshal(note, &f.Artifact); err != nil {
		return f, fmt.Errorf("the backup is changed: the note of artifact %.64q: %w", sum, err)
	}
	body := &parts{in: in, sum: sha256.New(), state: &f.State}
	if err := body.next(); err != nil || f.State == LeftOut {
		return f, err
	}
	err := keep(f.Artifact, body)
	if err == nil || errors.Is(err, errDamaged) {
		_, err = io.Copy(io.Discard, body) // keep need not read to the end
	}
	if err != nil && !errors.Is(err, errDamaged) {
		return f, err
	}
	if got := hex.EncodeToString(body.sum.Sum(nil)); f.State == Whole && got != f.SHA256 {
		return f, fmt.Errorf("the backup is changed: artifact %s has sha256 %s", f.SHA256, got)
	}
	return f, nil
}

// errDamaged says to who keeps an artifact that it is not to be kept.
var errDamaged = errors.New("the backup has no whole copy of it")

// parts is the body of an artifact. Its end tells io.EOF only if it is there whole.
type parts struct {
	in    *reader
	sum   hash.Hash
	rest  []byte // of the pair that was read last
	state *State // "": not at the end yet
}

// Read implements io.Reader.
func (p *parts) Read(b []byte) (int, error) {
	for len(p.rest) == 0 {
		switch *p.state {
		case Whole:
			return 0, io.EOF
		case LeftOut, Damaged:
			return 0, errDamaged
		}
		if err := p.next(); err != nil {
			return 0, err
		}
	}
	n := copy(b, p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (p *parts) next() error {
	name, value, err := p.in.pair()
	if err != nil {
		return fmt.Errorf("the backup is cut off or changed: %w", err)
	}
	switch s := State(value); {
	case len(name) == 1 && name[0] == ofPart:
		p.rest = value
		_, _ = p.sum.Write(value) // a hash takes everything
	case len(name) == 1 && name[0] == ofEnd && (s == Whole || s == LeftOut || s == Damaged):
		*p.state = s
	default:
		return fmt.Errorf("the backup is changed: an artifact goes on with %.10q", name)
	}
	return nil
}
