package config

import (
	"strings"

	"mozpool/persistence/strictyaml"
)

// explainKinds tells those who gave a boards or images file for mozpool.yaml,
// or wrote such a list into it, where it belongs.
func explainKinds(problems strictyaml.Problems) {
	for i := range problems {
		p := &problems[i]
		list := strings.HasPrefix(p.What, "wants text, not a")
		switch {
		case p.Path == "boards" && list:
			p.Remedy = "boards stand in a file of their own, which the key boards of mozpool.yaml names; check both with: mozpool config check mozpool.yaml"
		case p.Path == "images" && list, p.Path == "hardware":
			p.Remedy = "images and hardware types stand in a file of their own, which the key images of mozpool.yaml names; check both with: mozpool config check mozpool.yaml"
		}
	}
}
