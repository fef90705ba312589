package netbox

import (
	"strings"

	"mozpool/actors/inventory/source/record"
)

// place is where a person finds the device: site, rack and unit, or the bay of
// the chassis that it is in.
func place(r *record.Reader) string {
	var parts []string
	add := func(before string, path ...string) {
		if text := r.Text("place", path...); text != "" {
			parts = append(parts, before+text)
		}
	}
	add("", "site", "name")
	add("rack ", "rack", "name")
	if unit := r.Text("place", "position"); unit != "" {
		parts = append(parts, "U"+strings.TrimSuffix(unit, ".0"))
	}
	add("in ", "parent_device", "name")
	add("bay ", "parent_device", "device_bay", "name")
	return strings.Join(parts, ", ")
}

// bareTag is the value of a label whose tag is one word.
const bareTag = "true"

// labels are the tags: pool:ci and pool=ci are label pool with value ci, any
// other is a label named by the tag's slug.
func labels(r *record.Reader) map[string]string {
	tags := r.List("labels", "tags")
	if len(tags) == 0 {
		return nil
	}
	out := make(map[string]string, len(tags))
	for _, tag := range tags {
		object, _ := tag.(map[string]any)
		name, named := object["name"].(string)
		slug, slugged := object["slug"].(string)
		if !named || !slugged {
			r.Problem("labels", "a tag has no name or no slug; this is not the API of NetBox 4")
			continue
		}
		key, value, ok := cutTag(name)
		if !ok {
			key, value = slug, bareTag
		}
		if had, twice := out[key]; twice && had != value {
			r.Problem("labels", "tags say that "+key+" is "+had+" and "+value+"; remove one of the two")
		}
		out[key] = value
	}
	return out
}

func cutTag(name string) (key, value string, ok bool) {
	if i := strings.IndexAny(name, ":="); i > 0 {
		return strings.TrimSpace(name[:i]), strings.TrimSpace(name[i+1:]), true
	}
	return "", "", false
}
