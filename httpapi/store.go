package httpapi

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"mozpool/httpapi/span"
	v1 "mozpool/httpapi/v1"
	"mozpool/netboot/images/janitor"
)

// Store is all that lies in the server's store, uploads and what it fetched or unpacked. *janitor.Janitor is one.
type Store interface {
	Files(ctx context.Context) ([]janitor.File, error)
	Keep() time.Duration // how long what is unused stays by itself; 0: for ever
	Unused(ctx context.Context, unused time.Duration) ([]janitor.File, error)
	Prune(ctx context.Context, unused time.Duration) ([]janitor.File, error) // janitor.ErrBusy: ask again
}

// storedFiles are the files of the store, sorted by kind and hash.
func (s *Server) storedFiles(ctx context.Context) ([]v1.StoredArtifact, error) {
	files, err := s.cfg.Store.Files(ctx)
	if err != nil {
		return nil, err
	}
	return shapesOf(files), nil
}

func shapesOf(files []janitor.File) []v1.StoredArtifact {
	all := make([]v1.StoredArtifact, 0, len(files))
	for _, f := range files {
		a := v1.StoredArtifact{SHA256: f.SHA256, Kind: string(f.Kind), Name: f.Name, From: f.From, Size: f.Size, At: f.At.UTC(), Images: some(f.Images), Boards: some(f.Boards)}
		if !f.Unused.IsZero() {
			at := f.Unused.UTC()
			a.UnusedSince = &at
		}
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b v1.StoredArtifact) int {
		return cmp.Or(-strings.Compare(a.Kind, b.Kind), strings.Compare(a.SHA256, b.SHA256)) // uploads first
	})
	return all
}

// prune clears the store of what nobody uses.
func (s *Server) prune(r *request) error {
	var o v1.PruneOrder
	if err := r.body(&o); err != nil {
		return err
	}
	if s.cfg.Store == nil {
		return &apiError{v1.KindNotHere, "this server has no store", "ask an imaging server"}
	}
	unused, err := s.unusedFor(o.UnusedFor)
	if err != nil {
		return err
	}
	do := s.cfg.Store.Prune
	if o.DryRun {
		do = s.cfg.Store.Unused
	}
	files, err := do(r.ctx, unused)
	if errors.Is(err, janitor.ErrBusy) {
		return &apiError{v1.KindUnavailable, err.Error(), "ask again when it is taken"}
	}
	if err != nil {
		return err
	}
	return s.ok(r, prunedOf(files, o.DryRun))
}

// unusedFor reads how long nobody has to have used a file.
func (s *Server) unusedFor(text string) (time.Duration, error) {
	unused := s.cfg.Store.Keep()
	if text == "" {
		if unused == 0 {
			return 0, bad(`send {"unused_for": "7d"}; 0s is all that nobody uses now`, "this server keeps what is unused for ever, unless told how long it has to have been")
		}
		return unused, nil
	}
	unused, err := span.Parse(text)
	if wrong := (*span.Error)(nil); errors.As(err, &wrong) && wrong.Long {
		return 0, bad(wrong.Remedy, "unused_for is %q", text)
	}
	if err != nil || unused < 0 {
		return 0, bad("send a time such as 12h or 7d; 0s is all that nobody uses now", "unused_for is %q", text)
	}
	return unused, nil
}

func prunedOf(files []janitor.File, dry bool) v1.Pruned {
	out := v1.Pruned{DryRun: dry}
	for _, f := range files {
		out.Bytes += f.Size
		if f.Kind == janitor.Blocks || f.Kind == janitor.Half {
			out.Others++
		}
	}
	out.Artifacts = shapesOf(slices.DeleteFunc(slices.Clone(files), func(f janitor.File) bool { return f.Kind == janitor.Blocks || f.Kind == janitor.Half }))
	return out
}
