package web

import (
	"bytes"
	"fmt"
	"os"
)

// Token says where a secret stands. It is read anew for each request, so that
// it can be exchanged. The zero Token is none.
type Token struct {
	File string // path
	Env  string // name of a variable
}

// read gets the token; empty: there is none.
func (t Token) read() (string, error) {
	if t.Env != "" {
		if v := os.Getenv(t.Env); v != "" {
			return v, nil
		}
		return "", fmt.Errorf("the variable %s that should hold the token is empty; set it where the server is started", t.Env)
	}
	if t.File == "" {
		return "", nil
	}
	data, err := os.ReadFile(t.File)
	if err != nil {
		return "", fmt.Errorf("read the token: %w", err)
	}
	token := bytes.TrimSpace(data)
	if len(token) == 0 {
		return "", fmt.Errorf("the token file %s is empty", t.File)
	}
	return string(token), nil
}
