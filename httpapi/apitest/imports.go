package apitest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"

	"mozpool/actors"
	"mozpool/netboot/images/imports"
	"mozpool/netboot/images/uploads"
)

// Imports implements httpapi.Imports over a world in which every file holds the last part of its URL; none is called none.
type Imports struct{ Store *uploads.Store }

// Import implements httpapi.Imports.
func (i Imports) Import(_ context.Context, w imports.Wanted) (uploads.Artifact, error) {
	data := path.Base(w.URL)
	hash := sha256.Sum256([]byte(data))
	sum := hex.EncodeToString(hash[:])
	if data == "none" || w.SHA256 != "" && w.SHA256 != sum {
		return uploads.Artifact{}, &actors.Problem{Kind: actors.Refused, Text: data + " is not to be had", Remedy: "ask for another"}
	}
	return i.Store.Put(sum, w.Name, -1, strings.NewReader(data), Now)
}
