package cause

import "nstutor/internal/say"

// DuplicateAddress: two machines have the same address, and the wrong one answers.
const DuplicateAddress Code = "duplicate-address"

var _ = register(Cause{
	Code:  DuplicateAddress,
	Words: say.T("two machines have the same address, and the wrong one answers", "两台机器用了同一个地址，应答的是另一台"),
	Table: []string{"ip", "neigh"},
})
