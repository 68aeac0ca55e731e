package words

import "fmt"

// Word names a text of the interface. The course's own texts are in chapters.
type Word int

const (
	Lesson Word = iota
	Live
	Wire
	Topology
	Links
	Routes
	Neigh
	Sysctl
	Elsewhere
	Empty
	MoreRows
	NobodySpoke
	Paused
	Sent
	NoAnswer
	NoAnswerYet
	FailedIn
	Now
	YouSaid
	Right
	Wrong
	Hint
	SameAs
	Seen
	AllKept
	SomeBroken
	CheckingPromise
	DoneElsewhere
	EnterApplies
	EnterReads
	EnterNext
	End
	NotAsExpected
	RebuildOffer
	Rebuilt
	OpenLab
	WorkEnter
	WorkApply
	WorkUndo
	TooSmall
	Outline
	Filter
	NothingFound
	Help
	HelpSigns
	HelpMarks
	Done
	KeyEnterApply
	KeyEnterNext
	KeyEnterRead
	KeyPredict
	KeyUndo
	KeyBack
	KeyHint
	KeyTab
	KeyNetns
	KeyGo
	KeyRebuild
	KeyLang
	KeyLangASCII
	KeyHelp
	KeySuspend
	KeyQuit
	KeyScroll
	KeyClose
	KeyJump
	KeyWhy
	KeyWhyClose
	Why
	WhyLooking
	WhyNoPing
	WhyFailed
	WhyNoName
	WhyDisagree
	WhySigns
	DiesRequest
	DiesReply
	FaultIn
	UnknownFrom
	Passes
	ThereIs
	NotChecked
	DoneByYou
	TypeBelow
	EscEnterNext
	Typing
	TypingIntro
	TypedRuns
	TypedStopped
	TypedClosed
	TypedTime
	TypedExit
	TypedCut
	TypedOwnShell
	MoreOffers
	ShellHello
	ShellFailed
	KeyType
	KeyShell
	KeyStop
	KeyComplete
	KeyHistory
	KeyClear
	Summary
	KeySummary
	KeyReset
	Exercises
	Seed
	KeyCheck
	KeyAnew
	KeyNextUnsolved
	Goals
	Guards
	Solved
	Better
	Best
	Sources
	AllSolved
	WhyCosts
	Checking
	Hinting
	Holds
	EnterChecks
	ByHand
	ChecksItself
	count
)

// Langs are the languages of the interface, in the order of the table below.
var Langs = []string{"en", "zh"}

// texts is every text of the interface in every language.
var texts = [count][2]string{
	Lesson:          {"lesson", "课文"},
	Live:            {"live", "实况"},
	Wire:            {"wire", "线路"},
	Topology:        {"topology", "拓扑"},
	Links:           {"link", "网卡"},
	Routes:          {"route", "路由"},
	Neigh:           {"neigh", "邻居"},
	Sysctl:          {"sysctl", "内核"},
	Elsewhere:       {"other", "别处"},
	Empty:           {"empty", "空"},
	MoreRows:        {"%d more", "还有 %d 行"},
	NobodySpoke:     {"no ARP or ICMP frame yet", "还没有 ARP 或 ICMP 帧"},
	Paused:          {"paused", "已暂停滚动"},
	Sent:            {"%d sent, %d replied", "发出 %d，应答 %d"},
	NoAnswer:        {"silence: icmp_seq=%d was sent, nothing came back", "无声：icmp_seq=%d 已发出，没有任何回音"},
	NoAnswerYet:     {"PING %s: no answer yet", "PING %s：尚无回音"},
	FailedIn:        {"FAILED in %.1fs", "%.1f 秒后 FAILED"},
	Now:             {"now: %s ping %s: %s", "现在：%s ping %s：%s"},
	YouSaid:         {"you said: %s", "你的预测：%s"},
	Right:           {"predicted right: %s", "预测正确：%s"},
	Wrong:           {"it is: %s", "正确答案：%s"},
	Hint:            {"hint %d/%d", "提示 %d/%d"},
	SameAs:          {"same as", "等同于"},
	Seen:            {"seen", "实见"},
	AllKept:         {"%d of %d as promised", "%d/%d 项与预告相符"},
	SomeBroken:      {"only %d of %d as promised", "只有 %d/%d 项与预告相符"},
	CheckingPromise: {"checking what the step promises", "正在核对本步的预告"},
	DoneElsewhere:   {"done by another hand", "已由别的途径完成"},
	EnterApplies:    {"enter runs it in the lab", "按 enter 在实验网络中执行"},
	EnterReads:      {"enter reads on", "按 enter 继续阅读"},
	EnterNext:       {"enter: %s", "按 enter：%s"},
	End:             {"That was the last step of the course.", "课程的最后一步到此完成。"},
	NotAsExpected:   {"the lab is not as this step expects", "实验网络与本步的前提不符"},
	RebuildOffer:    {"r rebuilds it", "按 r 重建"},
	Rebuilt:         {"the lab was rebuilt", "实验网络已重建"},
	OpenLab:         {"no user namespace: what you type is run by this machine's root, over its files and disks too", "没有用户命名空间：你输入的命令以本机 root 身份运行，也能改动本机的文件和磁盘"},
	WorkEnter:       {"building the lab", "正在搭建实验网络"},
	WorkApply:       {"applying", "正在执行"},
	WorkUndo:        {"undoing", "正在撤销"},
	TooSmall:        {"terminal too small: needs %dx%d, is %dx%d", "终端太小：需要 %dx%d，现在 %dx%d"},
	Outline:         {"chapters and steps", "章节与步骤"},
	Filter:          {"type to filter", "输入文字筛选"},
	NothingFound:    {"nothing matches", "没有匹配的步骤"},
	Help:            {"all keys", "全部按键"},
	HelpSigns:       {"%s holds   %s does not   %s look here   %s asked, no answer yet", "%s 成立   %s 不成立   %s 注意   %s 已询问，尚无回答"},
	HelpMarks:       {"in this step: %s came   %s went   %s changed", "本步中：%s 新增   %s 消失   %s 改变"},
	Done:            {"%d/%d done", "已完成 %d/%d"},
	KeyEnterApply:   {"run", "执行"},
	KeyEnterNext:    {"next step", "下一步"},
	KeyEnterRead:    {"read on", "继续阅读"},
	KeyPredict:      {"predict", "预测"},
	KeyUndo:         {"undo", "撤销"},
	KeyBack:         {"back", "上一步"},
	KeyHint:         {"hint", "提示"},
	KeyTab:          {"pane", "窗格"},
	KeyNetns:        {"netns", "命名空间"},
	KeyGo:           {"go to", "跳转"},
	KeyRebuild:      {"rebuild lab", "重建"},
	KeyLang:         {"中文", "English"},
	KeyLangASCII:    {"Chinese", "English"},
	KeyHelp:         {"keys", "按键"},
	KeySuspend:      {"suspend", "挂起"},
	KeyQuit:         {"quit", "退出"},
	KeyScroll:       {"scroll", "滚动"},
	KeyClose:        {"close", "关闭"},
	KeyJump:         {"go there", "跳到此处"},
	KeyWhy:          {"why?", "为什么"},
	KeyWhyClose:     {"close why", "关闭解释"},
	Why:             {"why?", "为什么"},
	WhyLooking:      {"following the packet", "正在沿途查看"},
	WhyNoPing:       {"no ping runs in this step", "这一步没有运行 ping"},
	WhyFailed:       {"cannot look: %s", "无法查看：%s"},
	WhyNoName:       {"no packet is sent, since the name has no address: %s", "一个包也没有发出，因为名字没有地址：%s"},
	WhyDisagree:     {"the prediction and the ping disagree: do not trust this answer", "预测与 ping 的结果不一致：不要相信这个解释"},
	WhySigns:        {"predicted, then seen on the wire", "先是预测，后是线路上所见"},
	DiesRequest:     {"request dies at %s", "请求消失在 %s"},
	DiesReply:       {"reply dies at %s", "应答消失在 %s"},
	FaultIn:         {", fault in %s", "，故障在 %s"},
	UnknownFrom:     {"not known from %s on", "从 %s 起无法判断"},
	Summary:         {"your progress", "学习进度"},
	KeySummary:      {"progress", "进度"},
	KeyReset:        {"reset", "清除"},
	Passes:          {"request and reply pass", "请求和应答都能通过"},
	ThereIs:         {"there is: %s", "现在是：%s"},
	NotChecked:      {"could not be checked: %s", "无法检查：%s"},
	DoneByYou:       {"done by your own hand", "由你亲手完成"},
	TypeBelow:       {"type it below, or do the same in your own way", "在下面输入它，或用自己的办法做到同样的事"},
	EscEnterNext:    {"esc, enter: %s", "按 esc 再按 enter：%s"},
	Typing:          {"command line", "命令行"},
	TypingIntro:     {"The prompt names the namespace that a command runs in. Each line has a shell of its own, which reads no input.", "提示符写明命令在哪个命名空间中运行。每一行都由单独的 shell 执行，没有标准输入。"},
	TypedRuns:       {"%d s, ctrl+c stops it", "%d 秒，ctrl+c 停止"},
	TypedStopped:    {"stopped", "已停止"},
	TypedClosed:     {"stopped: its pane was closed", "已停止：窗格已关闭"},
	TypedTime:       {"stopped after %d s", "运行满 %d 秒，已停止"},
	TypedExit:       {"exit status %d", "退出状态 %d"},
	TypedCut:        {"earlier lines are gone: the last %d, or %d KiB, are kept", "更早的输出已丢弃：只保留最后 %d 行或 %d KiB"},
	TypedOwnShell:   {"%s ends with its line: each has a shell of its own; s (after esc) opens one that stays", "%s 只对这一行有效：每一行都由单独的 shell 执行；先按 esc 再按 s，可打开一直保留的 shell"},
	MoreOffers:      {"%d in all: type more of it", "共 %d 个：请再输入几个字符"},
	ShellHello:      {"Your shell in %s, a namespace of the lab. exit or ctrl+d brings you back to the course.", "这是实验网络中命名空间 %s 里的 shell。输入 exit 或按 ctrl+d 回到课程。"},
	ShellFailed:     {"no shell: %s", "无法打开 shell：%s"},
	KeyType:         {"command", "命令行"},
	KeyShell:        {"shell", "shell"},
	KeyStop:         {"stop", "停止"},
	KeyComplete:     {"complete", "补全"},
	KeyHistory:      {"history", "历史"},
	KeyClear:        {"clear", "清屏"},
	Exercises:       {"exercises", "练习"},
	Seed:            {"seed %d", "种子 %d"},
	KeyCheck:        {"check", "检查"},
	KeyAnew:         {"start anew", "重来"},
	KeyNextUnsolved: {"next exercise", "下一题"},
	Goals:           {"what must work", "必须做到"},
	Guards:          {"what must stay as it was", "必须保持原样"},
	Solved:          {"Solved.", "已解决。"},
	Better:          {"better than your best so far: %s", "超过了以前的最好成绩：%s"},
	Best:            {"your best: %s", "最好成绩：%s"},
	Sources:         {"where it comes from", "出处"},
	AllSolved:       {"all exercises are solved", "所有练习都已解决"},
	WhyCosts:        {"why? names the fault, and the score says so: w again opens it", "“为什么”会直接指出故障，并计入成绩：再按一次 w 打开"},
	Checking:        {"checking: pings may take some seconds", "正在检查：ping 可能要等几秒"},
	Hinting:         {"looking at what the kernel has now", "正在查看内核现在的状态"},
	Holds:           {"%d of %d hold", "%d/%d 项成立"},
	EnterChecks:     {"enter checks again", "按 enter 再次检查"},
	ChecksItself:    {"what you change is checked as soon as you pause", "停手片刻，改动就会自动检查"},
	ByHand:          {"repair it with : or s; enter checks", "用 : 或 s 动手修复；按 enter 检查"},
}

// In is the text in a language, with what it is about.
func (w Word) In(lang string, args ...any) string {
	text := texts[w][0]
	if lang == Langs[1] {
		text = texts[w][1]
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}
