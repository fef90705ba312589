package v1

// ImageEntry is an image as it is put: the keys of an entry under images in images.yaml. What is left out has the same
// defaults. Script is a file below the server's files.
type ImageEntry struct {
	Name       string            `json:"name,omitempty"`     // that of the path, if it is there
	Hardware   []string          `json:"hardware,omitempty"` // types it is for; none: all
	Install    string            `json:"install"`            // raw, tar or script
	Script     string            `json:"script,omitempty"`
	Artifacts  []ArtifactEntry   `json:"artifacts,omitempty"`
	ConfigKeys []string          `json:"config_keys,omitempty"` // required in a wish
	Readback   string            `json:"readback,omitempty"`    // full, sampled or off
	Verify     *VerifyEntry      `json:"verify,omitempty"`
	Limits     map[string]string `json:"limits,omitempty"` // by state: 30s, 10m
	Compat     string            `json:"compat,omitempty"` // android or b2g
}

// ArtifactEntry is an upload as part of an image.
type ArtifactEntry struct {
	Name   string `json:"name"`
	File   string `json:"file"`             // what it is called; the suffix says how it is packed
	SHA256 string `json:"sha256"`           // that it was uploaded under
	To     string `json:"to,omitempty"`     // disk or pN; none for scripts that place it themselves
	Part   int    `json:"part,omitempty"`   // only this partition of the file
	Unpack bool   `json:"unpack,omitempty"` // the server unpacks it, so that boards fetch only the blocks that differ
}

// VerifyEntry says what proves that an image runs.
type VerifyEntry struct {
	Kind   string `json:"kind"`             // loader, ping, tcp, http, callback or none
	For    string `json:"for,omitempty"`    // how long it has to hold: 20s
	Port   uint16 `json:"port,omitempty"`   // of tcp
	Expect string `json:"expect,omitempty"` // of tcp
	URL    string `json:"url,omitempty"`    // of http
	Status int    `json:"status,omitempty"` // of http
}
