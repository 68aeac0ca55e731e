package cause

import "nstutor/internal/say"

// DestinationAbsent: nobody has the destination's address.
const DestinationAbsent Code = "destination-absent"

var _ = register(Cause{
	Code:      DestinationAbsent,
	Words:     say.T("nobody has the destination's address", "没有任何机器拥有目的地址"),
	Table:     []string{"ip", "addr"},
	Pointless: true,
})
