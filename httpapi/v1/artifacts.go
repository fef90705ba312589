package v1

import "time"

// StoredArtifacts are all files that were uploaded to the server.
type StoredArtifacts struct {
	Artifacts []StoredArtifact `json:"artifacts"` // sorted by hash
}

// StoredArtifact is a file that was uploaded. It is named by its hash, and cannot be deleted while it is used.
type StoredArtifact struct {
	SHA256 string    `json:"sha256"`
	Name   string    `json:"name"` // that it came under; empty: lost
	Size   int64     `json:"size"` // bytes
	At     time.Time `json:"at"`   // when it was whole
	Images []string  `json:"images"`
	Boards []string  `json:"boards"` // that are on their way to an image with it
}
