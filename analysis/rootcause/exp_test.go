package rootcause
import ("testing";"encoding/csv";"os";"fmt";"time";"math";"plaint/internal/text")
func load(p string) (h map[string]int, rows [][]string){ f,_:=os.Open(p); r:=csv.NewReader(f); all,_:=r.ReadAll(); h=map[string]int{}; for i,c:=range all[0]{h[c]=i}; return h,all[1:]}
func TestExp(t *testing.T){
 for s:=1;s<=3;s++{
 h,rows:=load(fmt.Sprintf("/tmp/sim/s%d/complaints.csv",s)); _,tr:=load(fmt.Sprintf("/tmp/sim/s%d/truth/complaints.csv",s))
 for _,lang:=range []string{"zh","en"}{
  t0:=time.Now()
  x:=text.NewExtractor(); c:=&corpus{names:map[uint64]text.Phrase{}}
  x.Name=func(h uint64,p text.Phrase){c.names[h]=p}
  var y []string
  for i,r:=range rows{ a,b:=r[h["subject"]],r[h["body"]]; if (text.Language(a+" "+b)=="zh")!=(lang=="zh"){continue}; c.builder.Add(x.Features(a,b)); y=append(y,tr[i][4])}
  t1:=time.Now()
  f:=c.fit()
  lab:=make([]string,len(y)); for i:=range y{lab[i]=fmt.Sprint(f.of[i])}
  ni,ar,pu:=score(y,lab)
  fmt.Println(s,lang,len(y),"cols",f.matrix.Cols,"nnz",len(f.matrix.Col),"parts",f.parts.Rows,"themes",f.themes,"tok",t1.Sub(t0),"fit",time.Since(t1),fmt.Sprintf("NMI %.3f ARI %.3f purity %.3f",ni,ar,pu))
 }}
}
func score(a,b []string)(nmi,ari,purity float64){ n:=float64(len(a)); ca,cb,cc:=map[string]float64{},map[string]float64{},map[[2]string]float64{}
 for i:=range a{ca[a[i]]++;cb[b[i]]++;cc[[2]string{a[i],b[i]}]++}
 var ha,hb,mi,sa,sb,sc float64; c2:=func(x float64)float64{return x*(x-1)/2}
 for _,v:=range ca{ha-=v/n*math.Log(v/n);sa+=c2(v)}; for _,v:=range cb{hb-=v/n*math.Log(v/n);sb+=c2(v)}
 best:=map[string]float64{}
 for k,v:=range cc{mi+=v/n*math.Log(v*n/ca[k[0]]/cb[k[1]]);sc+=c2(v);best[k[1]]=max(best[k[1]],v)}
 for _,v:=range best{purity+=v/n}
 e:=sa*sb/c2(n); return 2*mi/(ha+hb),(sc-e)/((sa+sb)/2-e),purity}
