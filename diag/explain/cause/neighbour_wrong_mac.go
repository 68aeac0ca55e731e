package cause

import "nstutor/internal/say"

// NeighbourWrongMAC: an ARP entry has a MAC address that is nobody's, or somebody else's.
const NeighbourWrongMAC Code = "neighbour-wrong-mac"

var _ = register(Cause{
	Code:  NeighbourWrongMAC,
	Words: say.T("an ARP entry has a MAC address that is nobody's, or somebody else's", "ARP 条目里的 MAC 地址不是对方的"),
	Table: []string{"ip", "neigh"},
})
