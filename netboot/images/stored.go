package images

import (
	"path"
	"slices"
)

// UploadFolder is where uploads lie below the store, each under its hash; see package uploads.
const UploadFolder = "artifacts"

// uploadPath is where an upload lies in the store.
func uploadPath(sum string) string { return path.Join(UploadFolder, sum) }

// Stores tells whether an image uses the upload of this hash.
func (i Image) Stores(sum string) bool {
	return slices.ContainsFunc(i.Artifacts, func(a ArtifactSpec) bool { return a.Stored && a.SHA256 == sum })
}

// Stores tells whether an order pinned the upload of this hash.
func (o Order) Stores(sum string) bool {
	return slices.ContainsFunc(o.Artifacts, func(a Artifact) bool { return a.In == InStore && a.Path == uploadPath(sum) })
}
