package images

import "fmt"

// UnknownError says that no image or hardware type has this name (HTTP 404).
type UnknownError struct {
	Kind string // image or hardware type
	Name string
	Near string // what was probably meant; may be empty
}

func (e *UnknownError) Error() string {
	if e.Near != "" {
		return fmt.Sprintf("there is no %s %q; did you mean %s?", e.Kind, e.Name, e.Near)
	}
	return fmt.Sprintf("there is no %s %q; see images.yaml", e.Kind, e.Name)
}

// RefusedError says why an image cannot go onto a board of a hardware type as
// things are (HTTP 409, kind refused).
type RefusedError struct {
	Image    string
	Hardware string
	Reason   string
	Remedy   string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("image %s cannot go onto %s: %s; %s", e.Image, e.Hardware, e.Reason, e.Remedy)
}

// ConfigError names the key of a wish's config that is missing or does not fit
// (HTTP 400).
type ConfigError struct {
	Image  string
	Key    string
	Reason string
	Err    error // what lies below; may be nil
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("image %s: config key %s %s", e.Image, e.Key, e.Reason)
}

// Unwrap returns what lies below.
func (e *ConfigError) Unwrap() error { return e.Err }

// ChangedError says that a pinned file is no longer what it was; it is not
// served (HTTP 503: the attempt has to end, another one pins the new content).
type ChangedError struct {
	Path string
	Was  string // sha256 when pinned
	Is   string // sha256 now; empty: the file is gone or was not readable
}

func (e *ChangedError) Error() string {
	if e.Is == "" {
		return fmt.Sprintf("%s, pinned with sha256 %.12s…, cannot be read any more; put it back, or ask for the image again", e.Path, e.Was)
	}
	return fmt.Sprintf("%s was replaced: pinned with sha256 %.12s…, now %.12s…; ask for the image again to use the new one", e.Path, e.Was, e.Is)
}
