package power

import (
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"hash"
	"regexp"
	"strings"
)

// choose takes the challenge to answer: a digest if the device has one, for it
// keeps the password to itself. A device that sends none is taken to mean Basic.
func choose(challenges []string) string {
	for _, c := range challenges {
		if isDigest(c) {
			return c
		}
	}
	return "Basic"
}

// isDigest says whether a WWW-Authenticate header asks for a digest.
func isDigest(challenge string) bool {
	scheme, _, _ := strings.Cut(challenge, " ")
	return strings.EqualFold(scheme, "Digest")
}

var parameter = regexp.MustCompile(`([A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))`)

// digest answers a challenge by RFC 7616 with qop auth, by SHA-256 (Shelly
// Gen2) or MD5 (most others), or by RFC 2069 where the device names no qop.
// cnonce is ours, new for each request.
func digest(challenge, user, password, method, uri, cnonce string) string {
	p := make(map[string]string)
	for _, m := range parameter.FindAllStringSubmatch(challenge, -1) {
		p[strings.ToLower(m[1])] = m[2] + m[3]
	}
	algorithm := p["algorithm"]
	h := func(parts ...string) string {
		var sum hash.Hash = md5.New()
		if strings.EqualFold(algorithm, "SHA-256") {
			sum = sha256.New()
		}
		sum.Write([]byte(strings.Join(parts, ":")))
		return fmt.Sprintf("%x", sum.Sum(nil))
	}
	secret, what := h(user, p["realm"], password), h(method, uri)
	fields := []string{quoted("username", strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(user)), quoted("realm", p["realm"]), quoted("nonce", p["nonce"]), quoted("uri", uri)}
	if p["qop"] == "" {
		fields = append(fields, quoted("response", h(secret, p["nonce"], what)))
	} else {
		const count = "00000001"
		fields = append(fields, quoted("response", h(secret, p["nonce"], count, cnonce, "auth", what)),
			"qop=auth", "nc="+count, quoted("cnonce", cnonce))
	}
	if algorithm != "" {
		fields = append(fields, "algorithm="+algorithm)
	}
	if p["opaque"] != "" {
		fields = append(fields, quoted("opaque", p["opaque"]))
	}
	return "Digest " + strings.Join(fields, ", ")
}

func quoted(name, value string) string { return name + `="` + value + `"` }

// nonce gives 26 random characters.
func nonce() string { return rand.Text() }
