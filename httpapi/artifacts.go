package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/images"
	"mozpool/netboot/images/janitor"
	"mozpool/netboot/images/uploads"
	"mozpool/persistence"
)

// Artifacts are the files that were uploaded. *uploads.Store is one.
type Artifacts interface {
	List() ([]uploads.Artifact, error)
	Has(sum string) (uploads.Artifact, error) // uploads.ErrNone: there is none of this hash
	Put(sum, name string, size int64, body io.Reader, now time.Time) (uploads.Artifact, error)
	Delete(sum string) error // likewise
}

const (
	artifactsPath = v1.Prefix + "/artifacts"
	maxUploads    = 4 // at once: more would only share the disk
)

func (s *Server) artifactRoutes() []route {
	return []route{
		{"GET", artifactsPath, nil, s.listArtifacts},
		{"GET", artifactsPath + "/{sha256}", nil, s.showArtifact},
		{"PUT", artifactsPath + "/{sha256}", []string{"name"}, s.putArtifact},
		{"DELETE", artifactsPath + "/{sha256}", nil, s.deleteArtifact},
		{"POST", artifactsPath + "/import", nil, s.importArtifact},
		{"POST", artifactsPath + "/prune", nil, s.prune},
	}
}

func (s *Server) listArtifacts(r *request) error {
	out := v1.StoredArtifacts{Artifacts: []v1.StoredArtifact{}}
	if s.cfg.Store != nil {
		var err error
		if out.Artifacts, err = s.storedFiles(r.ctx); err != nil {
			return err
		}
		return s.ok(r, out)
	}
	if s.cfg.Artifacts == nil {
		return s.ok(r, out)
	}
	all, err := s.cfg.Artifacts.List()
	if err != nil {
		return err
	}
	for _, a := range all {
		out.Artifacts = append(out.Artifacts, s.artifactShape(a))
	}
	return s.ok(r, out)
}

func (s *Server) showArtifact(r *request) error {
	a, err := s.findArtifact(param(r.raw, "sha256"))
	if err != nil {
		return err
	}
	shape := s.artifactShape(a)
	if s.cfg.Store != nil {
		all, err := s.storedFiles(r.ctx)
		if err != nil && !errors.Is(err, persistence.ErrUnavailable) { // since when it is unused is not known then
			return err
		}
		for _, f := range all {
			if f.Kind == shape.Kind && f.SHA256 == shape.SHA256 {
				shape.UnusedSince = f.UnusedSince
			}
		}
	}
	return s.ok(r, shape)
}

func (s *Server) findArtifact(sum string) (uploads.Artifact, error) {
	if s.cfg.Artifacts == nil {
		return uploads.Artifact{}, noArtifact(sum)
	}
	a, err := s.cfg.Artifacts.Has(sum)
	if errors.Is(err, uploads.ErrNone) {
		return a, noArtifact(sum)
	}
	return a, err
}

func noArtifact(sum string) error {
	return &apiError{v1.KindNotFound, fmt.Sprintf("no artifact with sha256 %q was uploaded to this server", sum), "see the list of artifacts, or upload it; what was fetched or unpacked goes by: mozpool artifact prune"}
}

func (s *Server) artifactShape(a uploads.Artifact) v1.StoredArtifact {
	return v1.StoredArtifact{SHA256: a.SHA256, Kind: string(janitor.Upload), Name: a.Name, Size: a.Size, At: a.At.UTC(), Images: s.imagesWith(a.SHA256), Boards: s.boardsWith(a.SHA256)}
}

// imagesWith are the images that use an upload, sorted by name.
func (s *Server) imagesWith(sum string) []string {
	names := []string{}
	if c := s.catalogue(); c != nil {
		for _, i := range c.Images() {
			if i.Stores(sum) {
				names = append(names, i.Name)
			}
		}
	}
	return names
}

// boardsWith are the boards whose running attempt pinned an upload, sorted by name.
func (s *Server) boardsWith(sum string) []string {
	names := []string{}
	for _, v := range s.cfg.Fleet.Views() {
		if v.Board.State.Rest() || v.Inputs == nil {
			continue
		}
		if o, ok := v.Inputs.Order.(*images.Order); ok && o.Stores(sum) {
			names = append(names, v.Spec.Name)
		}
	}
	return names
}

// putArtifact takes an upload, however large. Its role and its names were looked at before the first byte was read.
func (s *Server) putArtifact(r *request) error {
	sum, name := param(r.raw, "sha256"), r.query.text("name")
	if err := s.mayPut(sum, name); err != nil {
		linger(r.raw)
		return err
	}
	select {
	case s.uploading <- struct{}{}:
		defer func() { <-s.uploading }()
	default:
		linger(r.raw)
		return &apiError{v1.KindUnavailable, fmt.Sprintf("%d artifacts are being uploaded already", maxUploads), "ask again when one of them is there"}
	}
	body := &upload{ctx: s.streams, raw: r.raw, limit: s.cfg.ReadLimit, from: r.raw.RequestBodyStream()}
	a, err := s.cfg.Artifacts.Put(sum, name, int64(max(r.raw.Request.Header.ContentLength(), -1)), body, s.cfg.Clock())
	if err != nil {
		linger(r.raw)
		return uploadProblem(err, s.cfg.ReadLimit)
	}
	return s.ok(r, s.artifactShape(a))
}

func (s *Server) mayPut(sum, name string) error {
	switch {
	case s.cfg.Artifacts == nil:
		return &apiError{v1.KindNotHere, "this server takes no uploads", "ask an imaging server"}
	case !uploads.CheckSum(sum):
		return bad("put to …/artifacts/SHA256, with 64 digits in lower case as sha256sum prints them", "%q is no sha256", sum)
	case !uploads.CheckName(name):
		return bad("add ?name=FILE, a plain file name such as v2.img.gz: its suffix tells how it is packed", "%q cannot be the name of an artifact", name)
	}
	return nil
}

// uploadProblem says for people why an upload was not kept.
func uploadProblem(err error, limit time.Duration) error {
	var other *uploads.OtherError
	var full *uploads.FullError
	switch {
	case errors.As(err, &other):
		return &apiError{v1.KindRefused, "nothing was kept: " + other.Error(), "hash the file again, and send all of it"}
	case errors.As(err, &full):
		return &apiError{v1.KindUnavailable, full.Error(), "clear the store of what nobody uses: mozpool artifact prune; or give the server a larger disk"}
	case timedOut(err):
		return &apiError{v1.KindTimeout, fmt.Sprintf("nothing came for %s, and nothing was kept", limit), "send it again"}
	case errors.Is(err, errHungUp):
		return bad("send it again", "the upload broke off, and nothing was kept")
	}
	return err
}

var errHungUp = errors.New("the body broke off")

func timedOut(err error) bool {
	var netErr net.Error
	return errors.As(err, &netErr) && netErr.Timeout()
}

// noEOF makes an end that came too early one that readers do not take for the end.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// upload is a body on its way in: each read may take as long as the limit, and none begins once the server stops.
type upload struct {
	ctx   context.Context
	raw   *fasthttp.RequestCtx
	limit time.Duration
	from  io.Reader // nil: there is no body
}

// Read implements io.Reader.
func (u *upload) Read(p []byte) (int, error) {
	if u.from == nil {
		return 0, io.EOF
	}
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	if err := u.raw.SetReadDeadline(time.Now().Add(u.limit)); err != nil {
		return 0, fmt.Errorf("%w: %w", errHungUp, err)
	}
	n, err := u.from.Read(p)
	if err == nil || errors.Is(err, io.EOF) && !brokeOff(u.raw) || timedOut(err) {
		return n, err
	}
	return n, fmt.Errorf("%w: %w", errHungUp, noEOF(err))
}

// deleteArtifact makes room, unless somebody would miss it.
func (s *Server) deleteArtifact(r *request) error {
	if err := r.noBody(); err != nil {
		return err
	}
	s.imaging.Lock() // no image with it may come up between the look and the deed
	defer s.imaging.Unlock()
	a, err := s.findArtifact(param(r.raw, "sha256"))
	if err != nil {
		return err
	}
	shape := s.artifactShape(a)
	var users []string
	if len(shape.Images) > 0 {
		users = append(users, "images "+strings.Join(shape.Images, ", "))
	}
	if len(shape.Boards) > 0 {
		users = append(users, "boards on their way to one: "+strings.Join(shape.Boards, ", "))
	}
	if len(users) > 0 {
		return &apiError{v1.KindRefused, fmt.Sprintf("artifact %s is used by %s", a.SHA256, strings.Join(users, ", and ")), "remove those images first, and wait for those boards"}
	}
	if err := s.cfg.Artifacts.Delete(a.SHA256); err != nil {
		return err
	}
	return s.ok(r, struct {
		Status string `json:"status"`
	}{"ok"})
}
