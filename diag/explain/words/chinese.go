// Package words has the sentences of package explain in the other language.
package words

// Chinese has the Chinese format of each English one. Its verbs take the same
// arguments in the same order, or name them: %[2]s.
var Chinese = map[string]string{
	// The way of the packet.
	"%s into %s":                          "%s 从 %s 进入",
	"%s out of %s":                        "%s 从 %s 发出",
	"%s out of %s, in a packet to %s":     "%s 从 %s 发出，封装在发往 %s 的包里",
	"%s opens the packet of the tunnel":   "%s 解开隧道封装",
	"%s is an address of this namespace":  "%s 是该命名空间的地址",
	"the reply is back at %s":             "应答回到 %s",
	"%s: %s becomes %s":                   "%s：%s 变为 %s",
	"predicted %s, but the ping says: %s": "预测为 %s，ping 的结果却是：%s",

	// Routes and addresses.
	"the kernel answers %s": "内核的答复是 %s",

	// Packet filters and connections.
	"a rule of %s sends the frame elsewhere, which is not followed": "%s 上的规则把帧改送别处，未跟踪下去",

	// Neighbours.
	"%s asks who has %s through the tunnel": "%s 经隧道发出 who-has %s",
	"%s answers for %s":                     "%[2]s 由 %[1]s 应答",
	"%s answers for %s by proxy ARP":        "%[2]s 由 %[1]s 代答（proxy ARP）",

	// Cables and bridges.
	"the other end of %s cannot be seen":        "看不到 %s 的对端",
	"the other end of %s: %s":                   "%s 的对端：%s",
	"%s is a part of %s, which is not followed": "%s 从属于 %s，未跟踪下去",
	"%s filters by VLAN, which is not judged":   "%s 按 VLAN 过滤，未作判断",

	// Forwarding databases and tunnels.
	"%s sends to the group %s, which is not followed": "%s 发往组播组 %s，未跟踪下去",
	"tunnels in tunnels are not followed any further": "隧道里还有隧道，未再跟踪",
	"what is below %s: %s":                            "%s 的底层：%s",
}
