package flows

// Leg is one of the two ways of a conversation.
type Leg string

// Both legs; empty where it is neither's alone.
const (
	LegRequest Leg = "request"
	LegReply   Leg = "reply"
)
