package v1

import "time"

// ImageDetail is an image, and what became of it on boards.
type ImageDetail struct {
	Image
	Boards      int       `json:"boards"`       // how many have it on their card
	LastSuccess []Success `json:"last_success"` // the last for each hardware type that had one, as far as attempts are kept
}

// Success is an attempt that put an image on a board.
type Success struct {
	Hardware string    `json:"hardware"`
	Board    string    `json:"board"`
	Attempt  uint32    `json:"attempt"`
	At       time.Time `json:"at"` // when it ended
}

// Verification is what came of hashing an image's artifacts again.
type Verification struct {
	Image     string             `json:"image"`
	Revision  string             `json:"revision"`
	Good      bool               `json:"good"`
	Artifacts []VerifiedArtifact `json:"artifacts"` // but for those whose name depends on a wish
}

// VerifiedArtifact is one artifact that was hashed again.
type VerifiedArtifact struct {
	Name    string `json:"name"`
	File    string `json:"file"`
	Want    string `json:"want"`    // the hash that boards are held to
	Got     string `json:"got"`     // the hash that the file has; empty: it could not be read
	Problem string `json:"problem"` // and what to do; empty: none
}
