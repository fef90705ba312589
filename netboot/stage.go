package netboot

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/netboot/images"
	"mozpool/netboot/live"
)

// secondStage renders the script of this boot.
func (b *bootRequest) secondStage() {
	o := order(b.v)
	if o == nil {
		b.text(fasthttp.StatusNotFound, "the attempt has no script")
		return
	}
	script, err := b.s.stage(b.v, o)
	if err != nil {
		b.s.log.Error("second stage not rendered", "board", b.v.Spec.Name, "error", err)
		b.s.line(b.v, 3, err.Error())
		b.text(fasthttp.StatusServiceUnavailable, "the script cannot be made; the server's log says why")
		return
	}
	if b.ctx.IsGet() {
		b.s.cfg.Boards.Tell(b.v.Spec.ID, b.evidence(board.StageRead, "fetched the second stage"))
		b.s.line(b.v, 6, fmt.Sprintf("second stage to %s: %d bytes", b.from.Addr(), len(script)))
	}
	b.ctx.SetContentType("text/x-shellscript; charset=utf-8")
	b.ctx.SetBody(script)
}

// stage renders a boot's script from what its attempt pinned.
func (s *Server) stage(v *actors.View, o *images.Order) ([]byte, error) {
	vars := s.varsOf(v, o)
	var text string
	var err error
	switch o.Install {
	case images.InstallRaw:
		text, err = live.Raw(vars.Artifacts)
	case images.InstallTar:
		text, err = live.Tar(vars.Artifacts)
	default:
		text = strings.ReplaceAll(o.Script, "%IPADDRESS%", vars.Server)
	}
	if err != nil {
		return nil, fmt.Errorf("script of image %s: %w", o.Image, err)
	}
	return live.SecondStage(vars, text)
}

// varsOf is what the script is told.
func (s *Server) varsOf(v *actors.View, o *images.Order) live.Vars {
	t := images.VarsOf(*o, s.bootOf(v))
	vars := live.Vars{
		URLs: s.urls(t.URL, v), Server: t.Server, Syslog: fmt.Sprintf("%s:%d", t.Server, s.addrs.Syslog.Port()),
		Board: t.Board, MAC: t.MAC, Rack: t.Rack, Hardware: t.Hardware, Image: t.Image, Attempt: t.Attempt, Boot: t.Boot,
		Disk: t.Disk, Readback: live.Readback(o.Readback), Config: t.Config,
		Kernel: t.Kernel, Initrd: t.Initrd, Fdt: t.Fdt, Squashfs: t.Squashfs, Append: t.Append,
	}
	for _, area := range o.Hardware.Keep {
		vars.Keep = append(vars.Keep, area.String())
	}
	for _, a := range o.Artifacts {
		vars.Artifacts = append(vars.Artifacts, s.artifactOf(o, a))
	}
	return vars
}

// urls are a boot's base URLs: this server's, or its rack's service address, then those of the rack's other servers. Any
// of them serves the rack's files and hands on what the script reports.
func (s *Server) urls(first string, v *actors.View) []string {
	all := []string{first}
	if s.cfg.Others == nil {
		return all
	}
	for _, at := range s.cfg.Others() {
		if u := fmt.Sprintf("http://%s/b/%s", at, v.Board.Token); !slices.Contains(all, u) {
			all = append(all, u)
		}
	}
	return all
}

func (s *Server) artifactOf(o *images.Order, a images.Artifact) live.Artifact {
	out := live.Artifact{Name: a.Name, Size: a.Size, SHA256: a.SHA256, To: a.To, Pack: live.Pack(a.Compression),
		Start: a.Offset, Length: a.Unpacked.Size, Unpacked: a.Unpacked.SHA256}
	if o.Install != images.InstallTar {
		blocksOf(&out, a)
	} else {
		_, sum, err := s.tarList(a)
		if err != nil {
			s.log.Error("archive not listed", "artifact", a.Name, "error", err)
		} else {
			out.Files, out.FilesSHA256 = "files/"+a.Name, sum
		}
	}
	return out
}

// tarList is the list of an archive's regular files as scripts compare it, and its hash. An error says that the archive
// cannot be read any more, or was replaced; with *images.LackingError it is on its way from another server.
func (s *Server) tarList(a images.Artifact) ([]byte, string, error) {
	files, err := s.cfg.Catalogue.Get().TarFiles(a)
	if err != nil {
		return nil, "", err
	}
	var out bytes.Buffer
	for _, f := range files {
		fmt.Fprintf(&out, "%s  %s\n", f.SHA256, f.Name)
	}
	sum := sha256.Sum256(out.Bytes())
	return out.Bytes(), hex.EncodeToString(sum[:]), nil
}
