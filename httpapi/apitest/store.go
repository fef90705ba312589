package apitest

import (
	"context"
	"slices"
	"strings"
	"time"

	"mozpool/netboot/images/janitor"
)

// Store is a store with an upload that v3 uses, and three files that nobody has used for a day, or an hour.
type Store struct {
	Grace  time.Duration // that Keep tells
	Err    error         // of Prune
	Pruned time.Duration // what Prune was told last
}

// Sums of the files of Store, by what they are.
var Sums = map[janitor.Kind]string{janitor.Upload: strings.Repeat("a", 64), janitor.Fetched: strings.Repeat("b", 64), janitor.Unpacked: strings.Repeat("c", 64)}

// Files implements httpapi.Store.
func (*Store) Files(context.Context) ([]janitor.File, error) {
	day, hour := Now.Add(-24*time.Hour), Now.Add(-time.Hour)
	return []janitor.File{ // without lists of blocks, as the real one
		{Kind: janitor.Unpacked, Path: "sha256/c", SHA256: Sums[janitor.Unpacked], From: "artifacts/v1.img.zst", Size: 300, At: day, Unused: day},
		{Kind: janitor.Fetched, Path: "sha256/b", SHA256: Sums[janitor.Fetched], From: "http://builds/n1.img", Size: 200, At: day, Unused: hour},
		{Kind: janitor.Upload, Path: "artifacts/a", SHA256: Sums[janitor.Upload], Name: "v3.img.gz", Size: 100, At: day, Images: []string{"v3"}, Boards: []string{"b1"}},
	}, nil
}

// Keep implements httpapi.Store.
func (s *Store) Keep() time.Duration { return s.Grace }

// Unused implements httpapi.Store.
func (s *Store) Unused(ctx context.Context, unused time.Duration) ([]janitor.File, error) {
	all, err := s.Files(ctx)
	all = append(all, janitor.File{Kind: janitor.Blocks, Path: "blocks/d", SHA256: strings.Repeat("d", 64), Size: 65, Unused: Now.Add(-24 * time.Hour)})
	return slices.DeleteFunc(all, func(f janitor.File) bool { return f.Unused.IsZero() || Now.Sub(f.Unused) < unused }), err
}

// Prune implements httpapi.Store.
func (s *Store) Prune(ctx context.Context, unused time.Duration) ([]janitor.File, error) {
	if s.Err != nil {
		return nil, s.Err
	}
	s.Pruned = unused
	return s.Unused(ctx, unused)
}
