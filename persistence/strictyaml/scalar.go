package strictyaml

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"
)

// RemedyError is an error of a custom type's UnmarshalText that brings its own
// remedy. Without one the message stands alone.
type RemedyError struct {
	What   string // what is wrong with the text
	Remedy string // what to write instead
}

// Error gives both parts in one line.
func (e *RemedyError) Error() string {
	if e.Remedy == "" {
		return e.What
	}
	return e.What + "; " + e.Remedy
}

// text hands a scalar to a custom type as it is written, so that 0700 or
// 1e3 arrive as these characters.
func (d *decoder) text(n *yaml.Node, u encoding.TextUnmarshaler, path []string) {
	if n.Kind != yaml.ScalarNode {
		d.add(n, path, "wants a single value, not "+describe(n), "")
		return
	}
	if isNull(n) {
		d.add(n, path, "has no value", "give it one or remove the line")
		return
	}
	err := u.UnmarshalText([]byte(n.Value))
	var re *RemedyError
	switch {
	case errors.As(err, &re):
		d.add(n, path, re.What, re.Remedy)
	case err != nil:
		d.add(n, path, err.Error(), "")
	}
}

// scalar decodes into the basic kinds. Types must fit exactly: YAML's own rules
// of what is a number have surprised too many people.
func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path []string) {
	if n.Kind != yaml.ScalarNode {
		d.add(n, path, fmt.Sprintf("wants %s, not %s", wants(v.Kind()), describe(n)), "")
		return
	}
	if isNull(n) {
		d.add(n, path, "has no value", "give it one or remove the line")
		return
	}
	tag := n.ShortTag()
	switch v.Kind() {
	case reflect.String:
		if tag == "!!str" || tag == "!!timestamp" {
			v.SetString(n.Value)
			return
		}
		d.add(n, path, "wants text, not "+describe(n), fmt.Sprintf("put it in quotes: %q", n.Value))
	case reflect.Bool:
		if b, ok := boolOf(n, tag); ok {
			v.SetBool(b)
			return
		}
		d.add(n, path, "wants true or false, not "+describe(n), "")
	case reflect.Int, reflect.Int64, reflect.Uint16, reflect.Float64:
		d.number(n, v, path, tag)
	default:
		panic(fmt.Sprintf("strictyaml: %s has the unsupported type %s", joinPath(path), v.Type()))
	}
}

func boolOf(n *yaml.Node, tag string) (value, ok bool) {
	if tag != "!!bool" {
		return false, false
	}
	b, err := strconv.ParseBool(n.Value)
	return b, err == nil
}

var wholeNumber = regexp.MustCompile(`^[-+]?[0-9]+$`)

func (d *decoder) number(n *yaml.Node, v reflect.Value, path []string, tag string) {
	whole := tag == "!!int" || tag == "!!float" && wholeNumber.MatchString(n.Value) // YAML has those of more than 64 bits as fractions
	var err error
	switch {
	case whole && v.CanInt():
		var i int64
		if i, err = strconv.ParseInt(n.Value, 10, v.Type().Bits()); err == nil {
			v.SetInt(i)
		}
	case whole && v.CanUint():
		var u uint64
		if u, err = strconv.ParseUint(n.Value, 10, v.Type().Bits()); err == nil {
			v.SetUint(u)
		}
	case v.CanFloat() && (whole || tag == "!!float"):
		var f float64
		if f, err = strconv.ParseFloat(n.Value, 64); err == nil {
			v.SetFloat(f)
		}
	default:
		d.add(n, path, fmt.Sprintf("wants %s, not %s", wants(v.Kind()), describe(n)), "")
		return
	}
	switch low := strings.HasPrefix(n.Value, "-"); {
	case err == nil:
	case v.CanInt() && errors.Is(err, strconv.ErrRange) && low:
		d.add(n, path, n.Value+" is too small", fmt.Sprintf("no number below %d can be read, and the key may allow less", int64(-1)<<(v.Type().Bits()-1)))
	case v.CanInt() && errors.Is(err, strconv.ErrRange):
		d.add(n, path, n.Value+" is too large", fmt.Sprintf("no number above %d can be read, and the key may allow less", int64(1)<<(v.Type().Bits()-1)-1))
	default:
		d.add(n, path, fmt.Sprintf("%s is not %s that fits", n.Value, wants(v.Kind())), "write it in decimal digits, in range")
	}
}

func wants(k reflect.Kind) string {
	switch k {
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	case reflect.Uint16:
		return "a whole number from 0 to 65535"
	case reflect.Float64:
		return "a number"
	default:
		return "a whole number"
	}
}

// describe names what stands at a node, for messages.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		return describeScalar(n)
	case yaml.DocumentNode, yaml.AliasNode, yaml.StreamNode:
	}
	return "something else"
}

func describeScalar(n *yaml.Node) string {
	short := n.Value
	if r := []rune(short); len(r) > 40 {
		short = string(r[:40]) + "…"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!int", "!!float":
		return "the number " + short
	case "!!bool":
		return "the truth value " + short
	default:
		return fmt.Sprintf("the text %q", short)
	}
}
