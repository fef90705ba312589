package images

// fetched is what is known about an artifact that came from a URL.
type fetched struct {
	ETag   string `json:"etag,omitempty"` // as the server gave it; empty: fetch again each time
	SHA256 string `json:"sha256"`         // its name in the store
}
