package backup

import (
	"bufio"
	"encoding/binary"
	"io"
)

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

func (p *pairs) bytes(b []byte) {
	if p.err == nil {
		_, p.err = p.w.Write(b)
	}
}

func (p *pairs) pair(of byte, name, value []byte) {
	head := binary.AppendUvarint(make([]byte, 0, 2*binary.MaxVarintLen64+1), uint64(len(name)+1))
	p.bytes(append(binary.AppendUvarint(head, uint64(len(value))), of))
	p.bytes(name)
	p.bytes(value)
}

// stream writes what r has, in parts. read is the error of r, which is not one of writing.
func (p *pairs) stream(of byte, r io.Reader) (read, err error) {
	buf := make([]byte, part)
	for p.err == nil {
		n, err := io.ReadFull(r, buf)
		if n > 0 {
			p.pair(of, nil, buf[:n])
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return err, p.err
		}
	}
	return nil, p.err
}

func (p *pairs) flush() error {
	if p.err == nil {
		p.err = p.w.Flush()
	}
	return p.err
}
