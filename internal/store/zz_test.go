package store
import ("testing";"os";"time";"io")
func TestZZ(t *testing.T){
 src:=os.Getenv("ZZ")
 in,_:=os.Open(src); p:=t.TempDir()+"/m.db"; o,_:=os.Create(p); io.Copy(o,in); o.Close()
 a:=time.Now()
 s,err:=Open(t.Context(),p,Options{}); if err!=nil{t.Fatal(err)}
 t.Log("open",time.Since(a))
 for _,q:=range []string{"complaint","transaction_version","log_line","decision","survey"} {
 var n int64; var h string
 a=time.Now(); err=s.QueryRow(t.Context(),"select count(*), coalesce(sum(hash(t)),0)::varchar from "+q+" t").Scan(&n,&h); t.Log(q,n,h,err,time.Since(a))
 }
 a=time.Now()
 if err:=s.Rebuild(t.Context());err!=nil{t.Fatal(err)}
 i,_:=os.Stat(p)
 t.Log("rebuild",time.Since(a), i.Size())
 var x string
 s.QueryRow(t.Context(),"select sql from duckdb_tables() where table_name='complaint'").Scan(&x); t.Log(x[:300])
 s.Close()
}
