//go:build !linux

package tftp

func newWire(l line, _ terms, _, _ bool) (wire, error) { return newPlainWire(l), nil }
