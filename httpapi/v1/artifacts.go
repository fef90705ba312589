package v1

import "time"

// StoredArtifacts are the files of the server's store.
type StoredArtifacts struct {
	Artifacts []StoredArtifact `json:"artifacts"` // sorted by kind, then hash
}

// StoredArtifact is a file of the store: one that was uploaded, or that the server fetched or unpacked for its boards. It is
// named by its hash, and cannot be deleted while it is used.
type StoredArtifact struct {
	SHA256      string     `json:"sha256"`
	Kind        string     `json:"kind"`                   // upload, fetched, unpacked
	Name        string     `json:"name"`                   // that an upload came under; empty: lost, or no upload
	From        string     `json:"from,omitempty"`         // URL, or the packed file; absent: an upload, or not known any more
	Size        int64      `json:"size"`                   // bytes
	At          time.Time  `json:"at"`                     // when it was whole
	Images      []string   `json:"images"`                 // that use it
	Boards      []string   `json:"boards"`                 // that are on their way to an image with it
	UnusedSince *time.Time `json:"unused_since,omitempty"` // absent: somebody uses it
}

// ImportOrder is a file that the server is to fetch.
type ImportOrder struct {
	URL    string `json:"url"`              // http or https, without user and password
	SHA256 string `json:"sha256,omitempty"` // of its bytes; absent: whatever comes, and the answer says its hash
	Name   string `json:"name,omitempty"`   // what people call it, its suffix tells how it is packed; absent: the last part of the URL's path
}

// PruneOrder is what to clear the store of.
type PruneOrder struct {
	UnusedFor string `json:"unused_for,omitempty"` // how long nobody has used it: 12h, 7d; absent: store.keep_unused of the configuration
	DryRun    bool   `json:"dry_run,omitempty"`    // remove nothing, tell what would be
}

// Pruned is what the store was cleared of, or would be.
type Pruned struct {
	Artifacts []StoredArtifact `json:"artifacts"`
	Others    int              `json:"others"` // lists of blocks, and files that were not whole
	Bytes     int64            `json:"bytes"`  // of all
	DryRun    bool             `json:"dry_run,omitempty"`
}
