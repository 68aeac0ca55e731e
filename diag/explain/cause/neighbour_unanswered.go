package cause

import "nstutor/internal/say"

// NeighbourUnanswered: an ARP request is sent, and nobody answers.
const NeighbourUnanswered Code = "neighbour-unanswered"

var _ = register(Cause{
	Code:      NeighbourUnanswered,
	Words:     say.T("an ARP request is sent, and nobody answers", "ARP 请求发出后无人应答"),
	Table:     []string{"ip", "neigh"},
	Pointless: true,
})
