package netbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"mozpool/actors/inventory/source/record"
)

// DefaultFields say where a board's fields stand unless the configuration says
// otherwise: power lines and racks are nothing that NetBox has by itself.
var DefaultFields = map[string]string{
	"name":     "name",
	"rack":     "cf_mozpool_rack",
	"hardware": "device_type",
	"power":    "cf_mozpool_power",
	"address":  "primary_ip",
	"console":  "cf_mozpool_console",
}

// Origins are the places in a device that a field can come from, beside
// cf_NAME for the custom field NAME. Where NetBox has a slug, it is that.
var Origins = map[string][]string{
	"name":        {"name"},
	"site":        {"site", "slug"},
	"location":    {"location", "slug"},
	"rack":        {"rack", "name"},
	"role":        {"role", "slug"},
	"device_type": {"device_type", "slug"},
	"platform":    {"platform", "slug"},
	"tenant":      {"tenant", "slug"},
	"serial":      {"serial"},
	"asset_tag":   {"asset_tag"},
	"primary_ip":  {"primary_ip", "address"},
}

// customPrefix is what NetBox's own filters put before custom fields.
const customPrefix = "cf_"

func pathOf(origin string) ([]string, error) {
	if origin == "" {
		return nil, nil
	}
	if name, ok := strings.CutPrefix(origin, customPrefix); ok && name != "" {
		return []string{"custom_fields", name}, nil
	}
	if path, ok := Origins[origin]; ok {
		return path, nil
	}
	return nil, fmt.Errorf("%q is nothing of a device; write cf_NAME for the custom field NAME, or one of %s",
		origin, strings.Join(slices.Sorted(maps.Keys(Origins)), ", "))
}

// CheckFields says what is wrong with Config.Fields, and what to do.
func CheckFields(fields map[string]string) error {
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		if _, ok := DefaultFields[field]; !ok {
			return fmt.Errorf("%q is no field that can be chosen; those are %s", field, strings.Join(slices.Sorted(maps.Keys(DefaultFields)), ", "))
		}
		if _, err := pathOf(fields[field]); err != nil {
			return fmt.Errorf("%s: %w", field, err)
		}
	}
	return nil
}

// reserved are parameters of the API that a filter must not set: they decide
// what this package can read.
var reserved = []string{"limit", "offset", "start", "ordering", "sort", "brief", "fields", "omit", "exclude", "format", "page", "per_page"}

// ParseFilter reads Config.Filter.
func ParseFilter(text string) (url.Values, error) {
	filter, err := url.ParseQuery(strings.TrimPrefix(text, "?"))
	if err != nil || len(filter) == 0 {
		return nil, errors.New("wants a filter, for NetBox has more than boards; copy what stands behind the ? of a filtered list of devices, such as role=board&status=active")
	}
	for _, name := range reserved {
		if filter.Has(name) {
			return nil, fmt.Errorf("the filter has %s, which is no filter; remove it", name)
		}
	}
	return filter, nil
}

// deviceQuery asks for the filtered devices, and of each only what is read:
// rendering the configuration of a device is what costs NetBox most.
func (s *Source) deviceQuery() url.Values {
	query := maps.Clone(s.filter)
	keys := map[string]bool{"id": true, "name": true, "site": true, "rack": true, "position": true, "parent_device": true, "tags": true}
	for _, path := range s.fields {
		if len(path) > 0 {
			keys[path[0]] = true
		}
	}
	query.Set("fields", strings.Join(slices.Sorted(maps.Keys(keys)), ","))
	query.Set("exclude", "config_context")
	return query
}

// device reads one device; its MAC is still missing. An error means that it has
// no id.
func (s *Source) device(data json.RawMessage) (*device, error) {
	r, err := record.New(data)
	if err != nil {
		return nil, err
	}
	id, ok := r.Value("id").(json.Number)
	if !ok {
		return nil, errors.New("it has no id")
	}
	b := record.Board{ID: s.c.Prefix + ":" + id.String(), Place: place(r), Labels: labels(r)}
	for field, into := range map[string]*string{"name": &b.Name, "rack": &b.Rack, "hardware": &b.Hardware, "power": &b.Power, "address": &b.Address, "console": &b.Console} {
		*into = s.value(r, field)
	}
	b.Rack, b.Hardware = translate(s.c.Racks, b.Rack), translate(s.c.Hardware, b.Hardware)
	s.missing(r, "rack", b.Rack)
	s.missing(r, "hardware", b.Hardware)
	r.Forget()
	return &device{id: id.String(), record: r, board: b}, nil
}

// value is a field's text. A custom field may point to another object, whose
// name it then is. NetBox lists all its custom fields with each device, so one
// that is not there has another name.
func (s *Source) value(r *record.Reader, field string) string {
	path := s.fields[field]
	if len(path) == 0 {
		return ""
	}
	custom := path[0] == "custom_fields"
	if custom && !r.Has(path...) && (s.c.Fields[field] != "" || field == "power" || field == "rack") {
		r.Problem(field, fmt.Sprintf("NetBox has no custom field %s for devices; make one, or name another place under fields", path[1]))
		return ""
	}
	if object, ok := r.Value(path...).(map[string]any); ok && custom && object["name"] != nil {
		return r.Text(field, path[0], path[1], "name")
	}
	return r.Text(field, path...)
}

func translate(words map[string]string, word string) string {
	if to, ok := words[word]; ok {
		return to
	}
	return word
}

// missing says where a field that a board must have was looked for.
func (s *Source) missing(r *record.Reader, field, value string) {
	if path := s.fields[field]; value == "" && len(path) > 0 {
		r.Problem(field, fmt.Sprintf("%s of the device is empty; fill it in NetBox, or name another place under fields", strings.Join(path, ".")))
	}
}
