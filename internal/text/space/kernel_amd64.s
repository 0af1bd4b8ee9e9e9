#include "textflag.h"

// Masks for what is left of a row: that of r single numbers begins 4·r bytes
// before the middle, that of r double ones 8·r.
DATA masks<>+0(SB)/8, $-1
DATA masks<>+8(SB)/8, $-1
DATA masks<>+16(SB)/8, $-1
DATA masks<>+24(SB)/8, $-1
DATA masks<>+32(SB)/8, $0
DATA masks<>+40(SB)/8, $0
DATA masks<>+48(SB)/8, $0
DATA masks<>+56(SB)/8, $0
GLOBL masks<>(SB), RODATA|NOPTR, $64

// func dotVector(a, b []float32) float32
TEXT ·dotVector(SB), NOSPLIT, $0-52
	MOVQ   a_base+0(FP), SI
	MOVQ   a_len+8(FP), CX
	MOVQ   b_base+24(FP), DI
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	SUBQ   $32, CX
	JLT    rest

loop:
	VMOVUPS (SI), Y4
	VMOVUPS 32(SI), Y5
	VMOVUPS 64(SI), Y6
	VMOVUPS 96(SI), Y7
	VMULPS  (DI), Y4, Y4
	VMULPS  32(DI), Y5, Y5
	VMULPS  64(DI), Y6, Y6
	VMULPS  96(DI), Y7, Y7
	VADDPS  Y4, Y0, Y0
	VADDPS  Y5, Y1, Y1
	VADDPS  Y6, Y2, Y2
	VADDPS  Y7, Y3, Y3
	ADDQ    $128, SI
	ADDQ    $128, DI
	SUBQ    $32, CX
	JGE     loop

rest: // the last 31 at most, eight to a register
	ADDQ $32, CX
	JEQ  sum
	LEAQ masks<>+32(SB), DX

	CMPQ    CX, $8
	JLT     last0
	VMOVUPS (SI), Y4
	VMULPS  (DI), Y4, Y4
	VADDPS  Y4, Y0, Y0
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX

	CMPQ    CX, $8
	JLT     last1
	VMOVUPS (SI), Y4
	VMULPS  (DI), Y4, Y4
	VADDPS  Y4, Y1, Y1
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX

	CMPQ    CX, $8
	JLT     last2
	VMOVUPS (SI), Y4
	VMULPS  (DI), Y4, Y4
	VADDPS  Y4, Y2, Y2
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX

	SHLQ       $2, CX
	SUBQ       CX, DX
	VMOVUPS    (DX), Y5
	VMASKMOVPS (SI), Y5, Y4
	VMASKMOVPS (DI), Y5, Y6
	VMULPS     Y6, Y4, Y4
	VADDPS     Y4, Y3, Y3
	JMP        sum

last0:
	SHLQ       $2, CX
	SUBQ       CX, DX
	VMOVUPS    (DX), Y5
	VMASKMOVPS (SI), Y5, Y4
	VMASKMOVPS (DI), Y5, Y6
	VMULPS     Y6, Y4, Y4
	VADDPS     Y4, Y0, Y0
	JMP        sum

last1:
	SHLQ       $2, CX
	SUBQ       CX, DX
	VMOVUPS    (DX), Y5
	VMASKMOVPS (SI), Y5, Y4
	VMASKMOVPS (DI), Y5, Y6
	VMULPS     Y6, Y4, Y4
	VADDPS     Y4, Y1, Y1
	JMP        sum

last2:
	SHLQ       $2, CX
	SUBQ       CX, DX
	VMOVUPS    (DX), Y5
	VMASKMOVPS (SI), Y5, Y4
	VMASKMOVPS (DI), Y5, Y6
	VMULPS     Y6, Y4, Y4
	VADDPS     Y4, Y2, Y2

sum:
	VADDPS       Y1, Y0, Y0
	VADDPS       Y3, Y2, Y2
	VADDPS       Y2, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VADDPS       X1, X0, X0
	VPERMILPS    $0x0e, X0, X1 // the upper two to the front
	VADDPS       X1, X0, X0
	VPERMILPS    $0x01, X0, X1
	VADDSS       X1, X0, X0
	VMOVSS       X0, ret+48(FP)
	VZEROUPPER
	RET

// func dot64Vector(a, b []float64) float64
TEXT ·dot64Vector(SB), NOSPLIT, $0-56
	MOVQ   a_base+0(FP), SI
	MOVQ   a_len+8(FP), CX
	MOVQ   b_base+24(FP), DI
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	VXORPD Y2, Y2, Y2
	VXORPD Y3, Y3, Y3
	SUBQ   $16, CX
	JLT    rest

loop:
	VMOVUPD (SI), Y4
	VMOVUPD 32(SI), Y5
	VMOVUPD 64(SI), Y6
	VMOVUPD 96(SI), Y7
	VMULPD  (DI), Y4, Y4
	VMULPD  32(DI), Y5, Y5
	VMULPD  64(DI), Y6, Y6
	VMULPD  96(DI), Y7, Y7
	VADDPD  Y4, Y0, Y0
	VADDPD  Y5, Y1, Y1
	VADDPD  Y6, Y2, Y2
	VADDPD  Y7, Y3, Y3
	ADDQ    $128, SI
	ADDQ    $128, DI
	SUBQ    $16, CX
	JGE     loop

rest:
	ADDQ $16, CX
	JEQ  sum
	LEAQ masks<>+32(SB), DX

	CMPQ    CX, $4
	JLT     last0
	VMOVUPD (SI), Y4
	VMULPD  (DI), Y4, Y4
	VADDPD  Y4, Y0, Y0
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $4, CX

	CMPQ    CX, $4
	JLT     last1
	VMOVUPD (SI), Y4
	VMULPD  (DI), Y4, Y4
	VADDPD  Y4, Y1, Y1
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $4, CX

	CMPQ    CX, $4
	JLT     last2
	VMOVUPD (SI), Y4
	VMULPD  (DI), Y4, Y4
	VADDPD  Y4, Y2, Y2
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $4, CX

	SHLQ       $3, CX
	SUBQ       CX, DX
	VMOVUPD    (DX), Y5
	VMASKMOVPD (SI), Y5, Y4
	VMASKMOVPD (DI), Y5, Y6
	VMULPD     Y6, Y4, Y4
	VADDPD     Y4, Y3, Y3
	JMP        sum

last0:
	SHLQ       $3, CX
	SUBQ       CX, DX
	VMOVUPD    (DX), Y5
	VMASKMOVPD (SI), Y5, Y4
	VMASKMOVPD (DI), Y5, Y6
	VMULPD     Y6, Y4, Y4
	VADDPD     Y4, Y0, Y0
	JMP        sum

last1:
	SHLQ       $3, CX
	SUBQ       CX, DX
	VMOVUPD    (DX), Y5
	VMASKMOVPD (SI), Y5, Y4
	VMASKMOVPD (DI), Y5, Y6
	VMULPD     Y6, Y4, Y4
	VADDPD     Y4, Y1, Y1
	JMP        sum

last2:
	SHLQ       $3, CX
	SUBQ       CX, DX
	VMOVUPD    (DX), Y5
	VMASKMOVPD (SI), Y5, Y4
	VMASKMOVPD (DI), Y5, Y6
	VMULPD     Y6, Y4, Y4
	VADDPD     Y4, Y2, Y2

sum:
	VADDPD       Y1, Y0, Y0
	VADDPD       Y3, Y2, Y2
	VADDPD       Y2, Y0, Y0
	VEXTRACTF128 $1, Y0, X1
	VADDPD       X1, X0, X0
	VPERMILPD    $1, X0, X1
	VADDSD       X1, X0, X0
	VMOVSD       X0, ret+48(FP)
	VZEROUPPER
	RET

// func addScaledVector(dst []float32, s float32, v []float32)
TEXT ·addScaledVector(SB), NOSPLIT, $0-56
	MOVQ         dst_base+0(FP), DI
	MOVQ         dst_len+8(FP), CX
	VBROADCASTSS s+24(FP), Y0
	MOVQ         v_base+32(FP), SI
	SUBQ         $32, CX
	JLT          rest

loop:
	VMULPS  (SI), Y0, Y4
	VMULPS  32(SI), Y0, Y5
	VMULPS  64(SI), Y0, Y6
	VMULPS  96(SI), Y0, Y7
	VADDPS  (DI), Y4, Y4
	VADDPS  32(DI), Y5, Y5
	VADDPS  64(DI), Y6, Y6
	VADDPS  96(DI), Y7, Y7
	VMOVUPS Y4, (DI)
	VMOVUPS Y5, 32(DI)
	VMOVUPS Y6, 64(DI)
	VMOVUPS Y7, 96(DI)
	ADDQ    $128, SI
	ADDQ    $128, DI
	SUBQ    $32, CX
	JGE     loop

rest:
	ADDQ $24, CX
	JLT  last

eight:
	VMULPS  (SI), Y0, Y4
	VADDPS  (DI), Y4, Y4
	VMOVUPS Y4, (DI)
	ADDQ    $32, SI
	ADDQ    $32, DI
	SUBQ    $8, CX
	JGE     eight

last:
	ADDQ       $8, CX
	JEQ        done
	LEAQ       masks<>+32(SB), DX
	SHLQ       $2, CX
	SUBQ       CX, DX
	VMOVUPS    (DX), Y5
	VMASKMOVPS (SI), Y5, Y4
	VMASKMOVPS (DI), Y5, Y6
	VMULPS     Y4, Y0, Y4
	VADDPS     Y6, Y4, Y4
	VMASKMOVPS Y4, Y5, (DI)

done:
	VZEROUPPER
	RET
