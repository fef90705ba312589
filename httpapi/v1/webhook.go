package v1

// Headers of a webhook's deliveries.
const (
	WebhookID        = "Mozpool-Event"     // the event's id; one that comes twice is the same event
	WebhookTime      = "Mozpool-Timestamp" // Unix seconds of the delivery
	WebhookSignature = "Mozpool-Signature" // sha256= and the HMAC-SHA256 of timestamp, dot and body
)

// WebhookState is how a webhook's deliveries go.
type WebhookState string

// The states of webhooks. A disabled one is tried again after a reload.
const (
	WebhookGood     WebhookState = "good"
	WebhookFailing  WebhookState = "failing"
	WebhookDisabled WebhookState = "disabled"
)

// Webhook is a receiver of events.
type Webhook struct {
	URL       string       `json:"url"` // without user and query
	State     WebhookState `json:"state"`
	Delivered uint64       `json:"delivered"`
	Failures  uint64       `json:"failures"` // since the last success
	Lost      uint64       `json:"lost"`     // events that came while it was too slow
	Error     string       `json:"error"`    // of the last failure; empty: the last try went well
}

// Webhooks are all receivers, in the order of the configuration.
type Webhooks struct {
	Webhooks []Webhook `json:"webhooks"`
}
