package client

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
)

// Unreachable says that no answer came.
type Unreachable struct {
	Server string
	Err    error
}

// Error implements error: which server, why, and how another one is named.
func (u *Unreachable) Error() string {
	var cert *tls.CertificateVerificationError
	var plain tls.RecordHeaderError
	switch {
	case errors.As(u.Err, &cert):
		return fmt.Sprintf("the server at %s shows a certificate that is not believed: %s; name the file of its authority: mozpool context add NAME %s --ca FILE", u.Server, reason(cert.Err), u.Server)
	case errors.As(u.Err, &plain), errors.Is(u.Err, http.ErrSchemeMismatch):
		return fmt.Sprintf("the server at %s speaks no TLS: write http:// in place of https://", u.Server)
	}
	return fmt.Sprintf("the server at %s does not answer: %s; see that it runs, or name another with --server or MOZPOOL_SERVER", u.Server, reason(u.Err))
}

// Unwrap returns what lies below.
func (u *Unreachable) Unwrap() error { return u.Err }

// reason is the innermost part of an error of the network that a person can use: the rest repeats the address.
func reason(err error) string {
	var dns *net.DNSError
	var sys *os.SyscallError
	var netErr net.Error
	var of *url.Error
	switch {
	case errors.As(err, &dns):
		return "its name is not known (" + dns.Err + ")"
	case errors.As(err, &sys):
		return sys.Err.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return "nothing came back in time"
	case errors.As(err, &of):
		return of.Err.Error()
	default:
		return err.Error()
	}
}
