package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"

	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/images/download"
	"mozpool/netboot/images/imports"
	"mozpool/netboot/images/uploads"
	"mozpool/persistence/strictyaml"
)

// Imports bring files by their URL to the uploads. *imports.Importer is one.
type Imports interface {
	Import(ctx context.Context, w imports.Wanted) (uploads.Artifact, error)
}

// importLimit is how long a file may take: 64 GiB at 3 MB/s. What has come by then is kept.
const importLimit = 6 * time.Hour

// importArtifact has a file fetched. The client that hangs up does not want it any more; what came waits for the next.
func (s *Server) importArtifact(r *request) error {
	var o v1.ImportOrder
	if err := r.body(&o); err != nil {
		return err
	}
	if s.cfg.Imports == nil {
		return &apiError{v1.KindNotHere, "this server imports nothing", "ask an imaging server"}
	}
	w, err := importOf(o)
	if err != nil {
		return err
	}
	ctx, release := s.attend(r)
	defer release()
	ctx, cancel := context.WithTimeout(ctx, importLimit)
	defer cancel()
	a, err := s.cfg.Imports.Import(ctx, w)
	if err != nil {
		return importProblem(w, err)
	}
	return s.ok(r, s.artifactShape(a))
}

// importOf reads an order. A URL with a password in it is not repeated.
func importOf(o v1.ImportOrder) (w imports.Wanted, err error) {
	u, err := url.Parse(o.URL)
	switch {
	case o.URL == "":
		return w, bad(`send {"url": "https://builds.example/v2.img.gz"}`, "no url was sent")
	case err != nil:
		return w, bad("send one such as https://builds.example/v2.img.gz", "the url cannot be read")
	case u.User != nil:
		return w, bad("use a URL that the server may read without; or fetch the file, and: mozpool artifact push FILE", "the url has a user or a password in it, which would stand in logs")
	case u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return w, bad("send one such as https://builds.example/v2.img.gz", "%q is no http or https URL", u.Redacted())
	case o.SHA256 != "" && !uploads.CheckSum(o.SHA256):
		return w, bad("send 64 digits in lower case as sha256sum prints them, or leave it out", "%q is no sha256", o.SHA256)
	}
	u.Fragment, u.RawFragment = "", "" // which servers are never asked for
	w = imports.Wanted{URL: u.String(), SHA256: o.SHA256, Name: o.Name}
	if w.Name == "" {
		w.Name = path.Base(u.Path)
	}
	if !uploads.CheckName(w.Name) {
		return w, bad("send a name, a plain file name such as v2.img.gz: its suffix tells how it is packed", "%q cannot be the name of an artifact", w.Name)
	}
	return w, nil
}

// importProblem says for people why a file did not come.
func importProblem(w imports.Wanted, err error) error {
	var refused *strictyaml.RemedyError
	var full *uploads.FullError
	var status *download.StatusError
	var broken *download.BrokenError
	switch {
	case errors.Is(err, imports.ErrBusy):
		return &apiError{v1.KindUnavailable, fmt.Sprintf("%d artifacts are being imported already", imports.AtOnce), "ask again when one of them is there"}
	case errors.As(err, &full):
		return uploadProblem(err, 0)
	case errors.As(err, &refused):
		return &apiError{v1.KindRefused, "nothing was kept of " + w.Shown() + ": " + refused.What, refused.Remedy}
	case errors.As(err, &status):
		return originProblem(w, status)
	case errors.As(err, &broken):
		return brokenProblem(w, broken)
	case errors.Is(err, context.DeadlineExceeded):
		return &apiError{v1.KindUnavailable, fmt.Sprintf("%s was not whole after %s", w.Shown(), importLimit), "ask again: it goes on behind what came, if the server that has it can"}
	}
	return err
}

// originProblem tells those answers that may be others soon from those that will not.
func originProblem(w imports.Wanted, status *download.StatusError) error {
	text := fmt.Sprintf("%s: %v", w.Shown(), status)
	if strings.HasPrefix(status.Status, "5") || strings.HasPrefix(status.Status, "429") {
		return &apiError{v1.KindUnavailable, text, "ask again when it is better; what came before is kept"}
	}
	return &apiError{v1.KindRefused, text, "check that the file is there, and that this server may read it"}
}

func brokenProblem(w imports.Wanted, broken *download.BrokenError) error {
	why := broken.Err
	var asked *url.Error
	if errors.As(why, &asked) {
		why = asked.Err // it repeats the whole URL
	}
	if broken.Have == 0 {
		return &apiError{v1.KindUnavailable, fmt.Sprintf("%s did not come: %v", w.Shown(), why), "see that this server can reach it, and ask again"}
	}
	return &apiError{v1.KindUnavailable, fmt.Sprintf("%s broke off: %v; %d bytes are kept", w.Shown(), why, broken.Have), "ask again: it goes on behind them"}
}
