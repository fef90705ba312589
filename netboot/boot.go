package netboot

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"mozpool/actors"
	"mozpool/actors/board"
	"mozpool/netboot/images"
)

// bootRequest is a request of a boot that is alive.
type bootRequest struct {
	*request
	v     *actors.View
	token board.Token
}

func (b *bootRequest) evidence(kind board.Kind, text string) actors.Evidence {
	return actors.Evidence{Input: board.Input{Kind: kind, Token: b.token, Text: text}, From: b.from}
}

// event takes a report of the board's script.
func (b *bootRequest) event(name string) {
	kind := board.Kind(name)
	e := b.evidence(kind, b.said())
	switch kind {
	case board.InitStarted, board.Downloads, board.Writes, board.MaintenanceUp, board.TestRunning, board.TestOK, board.ImageUp:
	case board.ScriptFailed:
		e.Input.Part = board.ParsePart(b.query("part"))
	case board.Rebooting:
		if b.fetching() {
			b.text(fasthttp.StatusServiceUnavailable, "what was read back cannot be compared yet; tell again")
			return
		}
		e.Input.Good, e.Input.Text = b.readBack()
		e.Input.Wear = b.wear()
		if skipped, text := b.skipped(); e.Input.Good {
			e.Input.Skipped, e.Input.Text = skipped, text
		}
	default:
		b.text(fasthttp.StatusNotFound, "no such event; they are: "+eventNames())
		return
	}
	b.ask(b.v, e)
}

// wear is what the script says of the card's wear. It decides nothing, so that nonsense is as good as nothing.
func (b *bootRequest) wear() *board.Wear {
	w, err := board.ParseWear(b.query("wear"))
	if err != nil {
		return nil
	}
	return w
}

func eventNames() string {
	var names []string
	for _, k := range board.BoardEvents() {
		names = append(names, string(k))
	}
	return strings.Join(names, " ")
}

// said is what the script adds to an event.
func (b *bootRequest) said() string {
	step, text := clip(b.query("step")), b.query("text")
	if step != "" && text != "" {
		step += ": "
	}
	return board.CutTokens(printable(step + text)) // it will stand in the record, and go to whoever is told of it
}

// fetching says whether what has to be on the card is known as soon as an archive has come from another server.
func (b *bootRequest) fetching() bool {
	o := order(b.v)
	if o == nil || o.Install != images.InstallTar || o.Readback != images.ReadbackFull {
		return false
	}
	return slices.ContainsFunc(o.Artifacts, func(a images.Artifact) bool {
		_, _, err := b.s.tarList(a)
		var lacking *images.LackingError
		return errors.As(err, &lacking)
	})
}

// readBack judges what `rebooting` says was read back, against what the image's files unpack to. Scripts that write by
// other means than the library report nothing; what their image asks for then decides.
func (b *bootRequest) readBack() (bool, string) {
	o := order(b.v)
	if o == nil {
		return false, "the attempt's image is not known any more"
	}
	reports, err := parseReadback(b.query("readback"))
	if err != nil {
		return false, err.Error()
	}
	for _, a := range o.Artifacts {
		if ok, text := b.judge(o, a, reports[a.Name]); !ok {
			return false, text
		}
	}
	return true, ""
}

// report is one artifact's entry: how it was read back, and the hash where all of it was.
type report struct{ mode, sha256 string }

// parseReadback reads ARTIFACT:MODE:SHA256,….
func parseReadback(text string) (map[string]report, error) {
	all := map[string]report{}
	if text == "" {
		return all, nil
	}
	for entry := range strings.SplitSeq(text, ",") {
		parts := strings.Split(entry, ":")
		if len(parts) != 3 {
			return nil, fmt.Errorf("readback=%q is not ARTIFACT:MODE:SHA256,…", printable(entry))
		}
		all[parts[0]] = report{parts[1], parts[2]}
	}
	return all, nil
}

// judge compares what was said of one artifact with what the image asks for. A script may read back more than that.
func (b *bootRequest) judge(o *images.Order, a images.Artifact, r report) (bool, string) {
	switch images.Readback(r.mode) {
	case "":
		if o.Readback == images.ReadbackOff || a.To == "" { // the script of the image places it, and may know better
			return true, ""
		}
		return false, "nothing was said of reading " + a.Name + " back"
	case images.ReadbackOff:
		return o.Readback == images.ReadbackOff, a.Name + " was not read back"
	case images.ReadbackSampled:
		return o.Readback != images.ReadbackFull, "only samples of " + a.Name + " were read back"
	case images.ReadbackFull:
		want := b.unpacked(o, a)
		if want == "" {
			return false, "the archive " + a.Name + " is not what it was, so nothing can be compared with it"
		}
		return r.sha256 == want, fmt.Sprintf("%s is %.12s… on the card, not %.12s…", a.Name, printable(r.sha256), want)
	}
	return false, fmt.Sprintf("%s was read back by %q, which is no way of reading back", a.Name, printable(clip(r.mode)))
}

// unpacked is the hash that a full read-back has to give; empty: not known any more.
func (b *bootRequest) unpacked(o *images.Order, a images.Artifact) string {
	if o.Install != images.InstallTar {
		return a.Unpacked.SHA256
	}
	_, sum, err := b.s.tarList(a)
	if err != nil {
		b.s.log.Error("archive not listed", "artifact", a.Name, "error", err)
	}
	return sum
}

// progress takes bytes; they are volatile, so nothing is waited for.
func (b *bootRequest) progress() {
	done, err := strconv.ParseInt(b.query("done"), 10, 64)
	total, err2 := strconv.ParseInt(b.query("total"), 10, 64)
	if err != nil || err2 != nil || done < 0 || total < 0 {
		b.text(fasthttp.StatusBadRequest, "done and total are numbers of bytes: progress?artifact=NAME&done=N&total=M")
		return
	}
	b.s.cfg.Boards.Report(b.v.Spec.ID, b.token, actors.Progress{Artifact: printable(clip(b.query("artifact"))), Step: printable(clip(b.query("step"))),
		Done: done, Total: total})
	b.text(fasthttp.StatusOK, "ok")
}

func clip(s string) string {
	if len(s) > 64 {
		return s[:64]
	}
	return s
}

// config answers with the wish's config.
func (b *bootRequest) config() {
	config := map[string]string{}
	if o := order(b.v); o != nil && o.Config != nil {
		config = o.Config
	}
	data, err := json.Marshal(config)
	if err != nil {
		b.text(fasthttp.StatusInternalServerError, "the config cannot be written as JSON")
		return
	}
	b.ctx.SetContentType("application/json")
	b.ctx.SetBody(append(data, '\n'))
}

func (b *bootRequest) configKey(key string) {
	o := order(b.v)
	if o == nil {
		b.text(fasthttp.StatusNotFound, "the wish has no config")
		return
	}
	value, ok := o.Config[key]
	if !ok {
		b.text(fasthttp.StatusNotFound, "the wish has no config key "+printable(clip(key)))
		return
	}
	b.ctx.SetContentType("text/plain; charset=utf-8")
	b.ctx.SetBodyString(value)
}

// file serves what is left: config keys, files of the live environment, artifacts and their lists.
func (b *bootRequest) file(path string) {
	if key, ok := strings.CutPrefix(path, "config/"); ok {
		b.configKey(key)
		return
	}
	o := order(b.v)
	if o == nil {
		b.text(fasthttp.StatusNotFound, "the attempt has no files")
		return
	}
	if name, ok := strings.CutPrefix(path, "artifact/"); ok {
		b.artifact(o, name)
		return
	}
	if name, ok := strings.CutPrefix(path, "blocks/"); ok {
		b.blocks(o, name)
		return
	}
	if name, ok := strings.CutPrefix(path, "files/"); ok {
		b.list(o, name)
		return
	}
	f, kind := bootFile(o, path)
	if f == nil {
		b.text(fasthttp.StatusNotFound, "no such file of this boot")
		return
	}
	b.pinned(*f, path, kind, "")
}

// artifact serves a file of the image, in whole or in a range.
func (b *bootRequest) artifact(o *images.Order, name string) {
	a, ok := o.Artifact(name)
	if !ok {
		b.text(fasthttp.StatusNotFound, "the image has no artifact "+printable(clip(name)))
		return
	}
	if b.pinned(a.File, "artifact "+name, "", name) {
		b.s.cfg.Boards.Tell(b.v.Spec.ID, b.evidence(board.ArtifactRead, name))
	}
}

// list serves the regular files of an archive with their hashes.
func (b *bootRequest) list(o *images.Order, name string) {
	a, ok := o.Artifact(name)
	if !ok || o.Install != images.InstallTar {
		b.text(fasthttp.StatusNotFound, "no such list")
		return
	}
	data, _, err := b.s.tarList(a)
	if err != nil {
		b.s.log.Error("archive not listed", "artifact", a.Name, "error", err)
		b.text(fasthttp.StatusServiceUnavailable, unserved(err))
		return
	}
	b.ctx.SetContentType("text/plain; charset=utf-8")
	b.ctx.SetBody(data)
}

// pinned serves a file that the attempt pinned; one that was replaced is not served. It says whether bytes follow. proves
// is what is told once the file's last byte is sent; a range that ends before it proves nothing. How far an artifact has come is
// told while it is sent.
func (b *bootRequest) pinned(f images.File, what string, proves board.Kind, artifact string) bool {
	file, err := b.s.cfg.Catalogue.Get().Open(f)
	if err != nil {
		b.s.line(b.v, 3, fmt.Sprintf("%s cannot be served: %v", what, err))
		b.text(fasthttp.StatusServiceUnavailable, unserved(err))
		return false
	}
	out := &body{Transfer: &Transfer{Content: file, Size: f.Size}, length: f.Size}
	out.Done = b.watch(out, what, proves)
	if artifact != "" {
		s, id, token := b.s, b.v.Spec.ID, b.token
		out.moved = func(arrived int64) {
			s.cfg.Boards.Report(id, token, actors.Progress{Artifact: artifact, Done: out.start + arrived, Total: out.Size, Acked: true})
		}
	}
	return b.stream(out, f.SHA256)
}

// unserved says to a board why a file is not served now.
func unserved(err error) string {
	var lacking *images.LackingError
	if errors.As(err, &lacking) {
		return "the file is on its way from another server; ask again"
	}
	return "the file is not what it was; the server's log says more"
}

// watch makes the Done of a body. It runs after the handler has ended, so it holds nothing of the request but copies.
func (b *bootRequest) watch(out *body, what string, proves board.Kind) func(int64, error) {
	s, v, token, from, began := b.s, b.v, b.token, b.from, b.s.cfg.Clock()
	return func(sent int64, err error) {
		if err != nil {
			s.line(v, 4, fmt.Sprintf("%s to %s broke off after %d bytes: %v", what, from.Addr(), sent, err))
			return
		}
		took := s.cfg.Clock().Sub(began).Round(time.Millisecond)
		s.line(v, 6, fmt.Sprintf("%s to %s: %d bytes in %v", what, from.Addr(), sent, took))
		if proves != "" && out.start+out.length == out.Size {
			s.cfg.Boards.Tell(v.Spec.ID, actors.Evidence{Input: board.Input{Kind: proves, Token: token, Text: what + " read"}, From: from})
		}
	}
}
