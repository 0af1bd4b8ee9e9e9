package identity_test

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"plaint/scoring/identity/pinyin"
)

// person is a customer that never was, as one of their records has them.
type person struct {
	name, second, sex, phone, mail, document, city, street string
	year, month, day                                       int
	chinese                                                bool
}

// world makes customers with known duplicates, the same for the same seed.
type world struct {
	rng             *rand.Rand
	error           float64 // chance that a field of a second record is not what it was
	missing         float64 // chance that a field is not there
	surnames, given []string
}

const (
	hanSurnames = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
	hanGiven    = "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华飞玉珍凤洁梅琳素云莲真环雪荣爱妹香月莺媛瑞凡佳嘉琼勤珠晶妍怡玲婷慧巧美倩颖露瑶雁蓓仪丹蓉眉君琴蕊薇菁梦岚苑志义兴良海山仁波宁贵福生龙元全国胜学祥才发成康星光天达安岩中茂武新利清彬富顺信子文浩宇轩泽晨俊博鹏昊天思睿"
	latinGiven  = "james mary robert patricia john jennifer michael linda david elizabeth william barbara richard susan joseph jessica thomas sarah charles karen daniel lisa matthew nancy anthony betty mark sandra paul ashley steven emily andrew donna kenneth michelle george carol joshua amanda kevin melissa brian deborah edward stephanie ronald rebecca timothy laura jason helen jeffrey sharon ryan cynthia jacob kathleen gary amy nicholas angela eric anna jonathan ruth larry brenda justin pamela scott nicole frank katherine ahmad siti nur aisha raj priya arjun wei"
	parts       = "al ber car dan el fer gar hol in jon kel lan mor nor ol per quin ros sal tan ul ver wil yor zan bro cla dre fos gre"
	ends        = "son man ton ley field ford well worth er ing s wood ridge dale ham by"
	cities      = "上海 北京 深圳 广州 香港 杭州 成都 Singapore Kuala-Lumpur Penang London Sydney Johor Taipei Bangkok Jakarta"
)

func newWorld(seed uint64) *world {
	w := &world{rng: rand.New(rand.NewPCG(seed, 1)), error: .12, missing: .1, given: strings.Fields(latinGiven)}
	for _, a := range strings.Fields(parts) {
		for _, b := range strings.Fields(ends) {
			w.surnames = append(w.surnames, a+b)
		}
	}
	return w
}

func (w *world) of(s string) string { r := []rune(s); return string(r[w.rng.IntN(len(r))]) }

func (w *world) word(list []string) string {
	i, j := w.rng.IntN(len(list)), w.rng.IntN(len(list)) // some are commoner
	return list[min(i, j)]
}

func (w *world) person() person {
	p := person{chinese: w.rng.Float64() < .6, year: 1945 + w.rng.IntN(60), month: 1 + w.rng.IntN(12), day: 1 + w.rng.IntN(28)}
	p.sex = []string{"F", "M"}[w.rng.IntN(2)]
	p.city = w.word(strings.Fields(cities))
	if p.chinese {
		s := []rune(hanSurnames)
		p.second = string(s[min(w.rng.IntN(len(s)), w.rng.IntN(len(s)))])
		p.name = w.of(hanGiven)
		if w.rng.Float64() < .8 {
			p.name += w.of(hanGiven)
		}
		p.phone = fmt.Sprintf("1%d%09d", []int{3, 5, 7, 8}[w.rng.IntN(4)], w.rng.IntN(1e9))
		p.street = fmt.Sprintf("%s%s路%d号%d栋%d室", w.of(hanGiven), w.of(hanGiven), 1+w.rng.IntN(900), 1+w.rng.IntN(30), 101+w.rng.IntN(2500))
		p.mail = fmt.Sprintf("%d@qq.com", 10000000+w.rng.IntN(2e9))
	} else {
		p.name, p.second = w.word(w.given), w.word(w.surnames)
		p.phone = fmt.Sprintf("%d%07d", 8+w.rng.IntN(2), w.rng.IntN(1e7))
		p.street = fmt.Sprintf("%d %s %s", 1+w.rng.IntN(300), w.word(w.surnames), []string{"road", "street", "avenue", "lane"}[w.rng.IntN(4)])
		p.mail = fmt.Sprintf("%s.%s%d@%s.com", p.name, p.second, w.rng.IntN(1000), []string{"gmail", "outlook", "yahoo"}[w.rng.IntN(3)])
	}
	p.document = fmt.Sprintf("%s%07d%s", w.of("ESGKH"), w.rng.IntN(1e7), w.of("ABCDEFGHJK"))
	return p
}

// household is another person of the same address and surname.
func (w *world) household(p person) person {
	q := w.person()
	if q.chinese != p.chinese {
		return q
	}
	q.second, q.street, q.city = p.second, p.street, p.city
	return q
}

func (w *world) typo(s string) string {
	r := []rune(s)
	if len(r) < 2 {
		return s
	}
	i := w.rng.IntN(len(r) - 1)
	switch w.rng.IntN(4) {
	case 0:
		r[i], r[i+1] = r[i+1], r[i]
	case 1:
		r = append(r[:i], r[i+1:]...)
	case 2:
		r[i] = r[w.rng.IntN(len(r))]
	default:
		r = append(r[:i+1], r[i:]...)
	}
	return string(r)
}

func (w *world) errs() bool { return w.rng.Float64() < w.error }

// again is how the same person stands in another record.
func (w *world) again(p person) person {
	if w.errs() {
		switch {
		case p.chinese && w.rng.IntN(2) == 0: // in Latin letters
			p.name, p.second = w.latin(p.name), w.latin(p.second)
		case p.chinese:
			p.name = w.of(hanGiven) + string([]rune(p.name)[1:])
		default:
			p.name = w.typo(p.name)
		}
	}
	if w.errs() && !p.chinese {
		p.second = w.typo(p.second)
	}
	if w.rng.Float64() < w.error/4 {
		p.name, p.second = p.second, p.name
	}
	for _, s := range []*string{&p.phone, &p.document, &p.mail, &p.street} {
		if w.errs() {
			*s = w.typo(*s)
		}
	}
	if w.errs() {
		p.phone = fmt.Sprintf("1%010d", w.rng.IntN(1e10))
	} else if p.chinese && w.errs() {
		p.phone = "+86 " + p.phone
	}
	if w.errs() { // moved
		q := w.person()
		p.street, p.city = q.street, q.city
	}
	switch {
	case w.rng.Float64() < w.error/3:
		p.month, p.day = p.day, p.month
	case w.rng.Float64() < w.error/3:
		p.year++
	}
	return p
}

func (w *world) latin(s string) string {
	var folded []uint16
	for _, r := range s {
		folded = append(folded, uint16(r))
	}
	if len(folded) == 1 {
		list := pinyin.Syllables(append(folded, '王'))
		if list == nil {
			return s
		}
		return list[0]
	}
	if list := pinyin.Syllables(folded); list != nil {
		return strings.Join(list, "")
	}
	return s
}

var header = []string{"id", "truth", "surname", "given_name", "sex", "born", "phone", "mail", "document", "city", "address"}

func (w *world) cells(id, truth int, p person) []string {
	out := []string{fmt.Sprint(id), fmt.Sprint(truth), p.second, p.name, p.sex, fmt.Sprintf("%04d-%02d-%02d", p.year, p.month, p.day), p.phone, p.mail, p.document, p.city, p.street}
	for i := 2; i < len(out); i++ {
		if w.rng.Float64() < w.missing {
			out[i] = ""
		}
	}
	return out
}

// records makes n of them, those of a person not side by side: each person has
// one, and three in ten have up to three more.
func (w *world) records(n int, each func(cells []string)) {
	type later struct {
		p     person
		truth int
	}
	var waiting []later
	truth := 0
	var last person
	for id := range n {
		if len(waiting) > 0 && (w.rng.Float64() < .3 || len(waiting) > n/4) {
			i := w.rng.IntN(len(waiting))
			each(w.cells(id, waiting[i].truth, w.again(waiting[i].p)))
			waiting[i] = waiting[len(waiting)-1]
			waiting = waiting[:len(waiting)-1]
			continue
		}
		p := w.person()
		if w.rng.Float64() < .1 && truth > 0 {
			p = w.household(last)
		}
		last = p
		truth++
		each(w.cells(id, truth, p))
		if w.rng.Float64() < .3 {
			for range 1 + w.rng.IntN(3) {
				waiting = append(waiting, later{p, truth})
			}
		}
	}
}
