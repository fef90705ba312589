package netboot

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"mozpool/actors/board"
	"mozpool/netboot/images"
	"mozpool/netboot/live"
	"mozpool/persistence/strictyaml"
)

// blocks serves "NAME", the list of blocks of an artifact, and "NAME/N", its block N. Who has the list has found the
// artifact, so it is evidence as the artifact's own transfer is.
func (b *bootRequest) blocks(o *images.Order, path string) {
	name, number, single := strings.Cut(path, "/")
	a, ok := o.Artifact(name)
	if !ok {
		b.text(fasthttp.StatusNotFound, "the image has no artifact "+printable(clip(name)))
		return
	}
	if single {
		b.block(a, number)
		return
	}
	list, err := b.s.cfg.Catalogue.Get().Blocks(a)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		b.text(fasthttp.StatusNotFound, "there is no list of blocks of "+printable(clip(name))+"; write it in full")
	case err != nil:
		b.s.line(b.v, 4, err.Error())
		b.text(fasthttp.StatusServiceUnavailable, "the list cannot be read now")
	default:
		b.ctx.SetContentType("text/plain; charset=utf-8")
		b.ctx.SetBody(list)
		b.s.cfg.Boards.Tell(b.v.Spec.ID, b.evidence(board.ArtifactRead, name))
	}
}

// block serves one block of what is to be on the card. A packed artifact has none to give: it is fetched as a whole.
func (b *bootRequest) block(a images.Artifact, number string) {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n < 0 || n > a.Unpacked.Size/images.BlockSize || n*images.BlockSize >= a.Unpacked.Size || a.Compression != images.Plain {
		b.text(fasthttp.StatusNotFound, "there is no such block of "+a.Name)
		return
	}
	file, err := b.s.cfg.Catalogue.Get().Open(a.File)
	if err != nil {
		b.s.line(b.v, 3, fmt.Sprintf("block %d of artifact %s cannot be served: %v", n, a.Name, err))
		b.text(fasthttp.StatusServiceUnavailable, unserved(err))
		return
	}
	b.section(file, a.Offset+n*images.BlockSize, min(images.BlockSize, a.Unpacked.Size-n*images.BlockSize))
}

// section answers with some bytes of a file, by sendfile; it takes the file over.
func (b *bootRequest) section(file *os.File, start, length int64) {
	out := &body{Transfer: &Transfer{Content: file, Size: length, Done: func(int64, error) {}}}
	b.ctx.SetContentType("application/octet-stream")
	b.send(out, start, length)
}

// blocksOf tells a script of an artifact's list of blocks.
func blocksOf(out *live.Artifact, a images.Artifact) {
	if a.Unpacked.Blocks != "" {
		out.Blocks, out.BlocksSHA256, out.BlockSize = "blocks/"+a.Name, a.Unpacked.Blocks, images.BlockSize
	}
}

// skipped is how many bytes the script says the card had already, with a text for people; nonsense is none.
func (b *bootRequest) skipped() (int64, string) {
	n, err := strconv.ParseInt(b.query("skipped"), 10, 64)
	o := order(b.v)
	if err != nil || o == nil {
		return 0, ""
	}
	var all int64
	for _, a := range o.Artifacts {
		all += a.Unpacked.Size
	}
	if n <= 0 || n > all {
		return 0, ""
	}
	return n, fmt.Sprintf("%s of %s were on the card already", strictyaml.Size(n), strictyaml.Size(all))
}
