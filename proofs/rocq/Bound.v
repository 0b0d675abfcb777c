(* global_lower_bound: one hidden layer, any continuous piecewise linear activation, scalar output, squared loss.
   The checker cuts the space of one unit, (nu, w) with nu >= 0, into cones given by generators; no completeness
   of an enumeration of cells or rays is needed: cutting an edge covers. *)
Require Import Reals List Lra Lia Arith NArith Bool Permutation.
From Symverify Require Import Spec InteriorMinimum LinearAlgebra Numbers InteriorCheck.
Import ListNotations.
Open Scope R_scope.

(* cones, over the reals: w is a combination, as a linear form *)
Fixpoint dsum (ls : list R) (G : list (list R)) (X : list R) : R :=
  match ls, G with l :: ls', p :: G' => l * dot p X + dsum ls' G' X | _, _ => 0 end.
Definition incone (w : list R) (G : list (list R)) : Prop :=
  exists ls, length ls = length G /\ Forall (fun l => 0 <= l) ls /\ forall X, dot w X = dsum ls G X.

Lemma incone_perm w G G' : Permutation G G' -> incone w G -> incone w G'.
Proof.
  intros P. cut (forall ls, length ls = length G -> Forall (fun l => 0 <= l) ls -> exists ls',
    length ls' = length G' /\ Forall (fun l => 0 <= l) ls' /\ forall X, dsum ls G X = dsum ls' G' X).
  { intros H (ls & L & F & E). destruct (H ls L F) as (ls' & L' & F' & E'). exists ls'. repeat split; auto.
    intros X. rewrite E; auto. }
  induction P; intros ls L F.
  - exists ls. auto.
  - destruct ls as [|l0 ls]; [discriminate|]. inversion F; subst. destruct (IHP ls) as (ls' & L' & F' & E'); auto.
    exists (l0 :: ls'). simpl. repeat split; auto. intros X; rewrite E'; auto.
  - destruct ls as [|l0 [|l1 ls]]; try discriminate. inversion F; subst. inversion H2; subst.
    exists (l1 :: l0 :: ls). simpl in *. repeat split; auto. intros X; ring.
  - destruct (IHP1 ls L F) as (l1 & L1 & F1 & E1). destruct (IHP2 l1 L1 F1) as (l2 & L2 & F2 & E2).
    exists l2. repeat split; auto. intros X. rewrite E1; auto.
Qed.

(* the edge from a to b is cut at p = k (al a + be b) *)
Lemma incone_cut w a b p al be rest : 0 < al -> 0 < be -> (forall X, dot p X = al * dot a X + be * dot b X) ->
  incone w (a :: b :: rest) -> incone w (p :: b :: rest) \/ incone w (a :: p :: rest).
Proof.
  intros Ha Hb Hp (ls & L & F & E). destruct ls as [|la [|lb ls]]; try discriminate.
  inversion F; subst. inversion H2; subst. simpl in L.
  destruct (Rle_dec (la * be) (lb * al)) as [H|H].
  - left. exists (la / al :: (lb - la * be / al) :: ls). simpl. split; [auto|]. split.
    + assert (0 <= lb - la * be / al).
      { replace (lb - la * be / al) with ((lb * al - la * be) * / al) by (field; lra).
        apply Rmult_le_pos; [lra|]. apply Rlt_le, Rinv_0_lt_compat; auto. }
      assert (0 <= la / al) by (apply Rmult_le_pos; [auto|apply Rlt_le, Rinv_0_lt_compat; auto]).
      constructor; [auto|constructor; auto].
    + intros X. rewrite E. simpl. rewrite Hp. field. lra.
  - right. exists ((la - lb * al / be) :: lb / be :: ls). simpl. split; [auto|]. split.
    + assert (0 <= la - lb * al / be).
      { replace (la - lb * al / be) with ((la * be - lb * al) * / be) by (field; lra).
        apply Rmult_le_pos; [lra|]. apply Rlt_le, Rinv_0_lt_compat; auto. }
      assert (0 <= lb / be) by (apply Rmult_le_pos; [auto|apply Rlt_le, Rinv_0_lt_compat; auto]).
      constructor; [auto|constructor; auto].
    + intros X. rewrite E. simpl. rewrite Hp. field. lra.
Qed.

(* a linear form that is <= 0 on the generators is <= 0 on the cone *)
Lemma dsum_le0 X : forall G ls, Forall (fun l => 0 <= l) ls -> Forall (fun p => dot p X <= 0) G -> dsum ls G X <= 0.
Proof.
  induction G; intros [|l ls] F H; simpl; try lra. inversion F; inversion H; subst.
  assert (dsum ls G X <= 0) by auto. nra.
Qed.
Lemma dsum_ge0 X : forall G ls, Forall (fun l => 0 <= l) ls -> Forall (fun p => 0 <= dot p X) G -> 0 <= dsum ls G X.
Proof.
  induction G; intros [|l ls] F H; simpl; try lra. inversion F; inversion H; subst.
  assert (0 <= dsum ls G X) by auto. nra.
Qed.


Section Bound.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).
Infix "+!" := (add K) (at level 50, left associativity).
Infix "*!" := (mul K) (at level 40, left associativity).
Infix "-!" := (sub K) (at level 50, left associativity).
Notation z0 := (zero K).
Variable shrink : list t -> list t.
Hypothesis shrink_ok : forall v, exists k, 0 < k /\ forall X, dot (rv (shrink v)) X = k * dot (rv v) X.

(* k a + l b *)
Fixpoint comb (k l : t) (a b : list t) : list t :=
  match a, b with
  | [], _ => map (mul K l) b
  | _, [] => map (mul K k) a
  | x :: a', y :: b' => k *! x +! l *! y :: comb k l a' b'
  end.
Lemma rv_scale k v : rv (map (mul K k) v) = map (Rmult (r k)) (rv v).
Proof. unfold InteriorCheck.rv, rv. rewrite !map_map. apply map_ext. intros; apply toR_mul. Qed.
Lemma comb_ok k l : forall a b X, dot (rv (comb k l a b)) X = r k * dot (rv a) X + r l * dot (rv b) X.
Proof.
  induction a as [|x a IH]; intros b X.
  - simpl comb. rewrite rv_scale, dot_scale. simpl. ring.
  - destruct b as [|y b].
    + simpl comb. change (map (mul K k) (x :: a)) with (map (mul K k) (x :: a)).
      change (k *! x :: map (mul K k) a) with (map (mul K k) (x :: a)). rewrite rv_scale, dot_scale. simpl. ring.
    + destruct X as [|q X]; simpl; [ring|]. rewrite toR_add, !toR_mul, IH. ring.
Qed.

(* a generator: ray, its column H over the samples, and the sets of vectors g with <g,H> <= 0, >= 0 *)
Definition gen : Type := (list t * (list t * (N * N)))%type.
Variable h : act t.
Variable bh : bool.
Variable D : list (list t * list t).
Variable G : list (list t).

Fixpoint mask (sgn : t -> bool) (gs : list (list t)) (H : list t) : N :=
  match gs with [] => 0%N | g :: gs' => (if sgn (dotT K g H) then N.succ_double else N.double) (mask sgn gs' H) end.
Definition neg x := leb K x z0.
Definition pos x := leb K z0 x.
Lemma mask_ok sgn H : forall gs k, N.testbit (mask sgn gs H) (N.of_nat k) = true -> sgn (dotT K (nth k gs []) H) = true /\ (k < length gs)%nat.
Proof.
  induction gs as [|g gs IH]; intros k E; simpl mask in E; [rewrite N.bits_0 in E; discriminate|].
  destruct k as [|k]; simpl nth.
  - simpl N.of_nat in E. destruct (sgn (dotT K g H)) eqn:S; [simpl; split; [auto|lia]|].
    rewrite N.double_spec, N.testbit_even_0 in E. discriminate.
  - rewrite Nat2N.inj_succ in E. destruct (sgn (dotT K g H)).
    + rewrite N.succ_double_spec, N.testbit_odd_succ in E by lia. apply IH in E. simpl; split; [tauto|lia].
    + rewrite N.double_spec, N.testbit_even_succ in E by lia. apply IH in E. simpl; split; [tauto|lia].
Qed.

(* the form whose value at (nu, w) is <w,x> - t nu; that of the piece (s, o) is s <w,x> + o nu *)
Definition wall (x : list t) (b : t) : list t := (z0 -! b) :: extT K bh x.
Definition form (x : list t) (so : t * t) : list t := snd so :: map (mul K (fst so)) (extT K bh x).
Definition inP (los : list t) (hi : option t) (x : list t) (ray : list t) : bool :=
  forallb (fun b => leb K z0 (dotT K ray (wall x b))) los &&
  match hi with None => true | Some b => leb K (dotT K ray (wall x b)) z0 end.
Fixpoint piece_for (rays : list (list t)) (x : list t) (los : list t) (ps : list (t * t * t)) (last : t * t) : option (t * t) :=
  match ps with
  | [] => if forallb (inP los None x) rays then Some last else None
  | p :: ps' => if forallb (inP los (Some (fst (fst p))) x) rays then Some (snd (fst p), snd p)
                else piece_for rays x (fst (fst p) :: los) ps' last
  end.
Definition column (ray : list t) : list t :=
  map (fun d => match piece_for [ray] (fst d) [] (fst h) (snd h) with
                | Some so => dotT K ray (form (fst d) so) | None => z0 end) D.
Definition mk (ray : list t) : gen :=
  let H := column ray in (ray, (H, (mask neg G H, mask pos G H))).

Definition walls : list (list t) := flat_map (fun d => map (fun p => wall (fst d) (fst (fst p))) (fst h)) D.

Fixpoint split3 (X : list t) (gs : list gen) : list (t * gen) * list (t * gen) * list gen :=
  match gs with
  | [] => ([], [], [])
  | g :: gs' => let '(P, M, Z) := split3 X gs' in
      let s := dotT K (fst g) X in
      if ltb K z0 s then ((s, g) :: P, M, Z) else if ltb K s z0 then (P, (s, g) :: M, Z) else (P, M, g :: Z)
  end.
Lemma split3_ok X : forall gs P M Z, split3 X gs = (P, M, Z) ->
  Permutation gs (map snd P ++ map snd M ++ Z) /\
  (forall sg, In sg P -> 0 < r (fst sg)) /\ (forall sg, In sg M -> r (fst sg) < 0).
Proof.
  induction gs as [|g gs IH]; intros P M Z E; simpl in E.
  - inversion E; subst; simpl. repeat split; auto; intros ? [].
  - destruct (split3 X gs) as [[P0 M0] Z0]. destruct (IH _ _ _ eq_refl) as (I1 & I2 & I3).
    destruct (ltb K z0 (dotT K (fst g) X)) eqn:E1; [|destruct (ltb K (dotT K (fst g) X) z0) eqn:E2]; inversion E; subst; simpl.
    + repeat split; auto. intros sg [<-|H]; auto. simpl. apply (ltb_ok KR) in E1. rewrite toR_zero in E1; auto.
    + repeat split; auto. 2:{ intros sg [<-|H]; auto. simpl. apply (ltb_ok KR) in E2. rewrite toR_zero in E2; auto. }
      apply Permutation_trans with (g :: map snd P ++ map snd M0 ++ Z); [auto|]. apply Permutation_middle.
    + repeat split; auto.
      apply Permutation_trans with (g :: map snd P ++ map snd M ++ Z0); [auto|].
      rewrite !app_assoc. apply Permutation_middle.
Qed.

Definition isnil {A} (l : list A) := match l with [] => true | _ => false end.
Fixpoint refine (fuel : nat) (hyps : list (list t)) (gs : list gen) : option (list (list gen)) :=
  match hyps with
  | [] => Some [gs]
  | X :: hyps' =>
      match fuel with
      | O => None
      | S fuel' =>
          match split3 X gs with
          | ((sa, a) :: P, (sb, b) :: M, Z) =>
              let g := mk (shrink (comb (z0 -! sb) sa (fst a) (fst b))) in
              let rest := map snd P ++ map snd M ++ Z in
              match refine fuel' hyps (g :: b :: rest), refine fuel' hyps (a :: g :: rest) with
              | Some l1, Some l2 => Some (l1 ++ l2)
              | _, _ => None
              end
          | _ => refine fuel' hyps' gs
          end
      end
  end.
Definition rays (gs : list gen) : list (list R) := map (fun g => rv (fst g)) gs.
Definition made (g : gen) : Prop := g = mk (fst g).

Lemma refine_ok : forall fuel hyps gs l, refine fuel hyps gs = Some l -> Forall made gs ->
  (forall w, incone w (rays gs) -> exists gs', In gs' l /\ incone w (rays gs')) /\ (forall gs', In gs' l -> Forall made gs').
Proof.
  assert (N0 : forall gs, (forall w, incone w (rays gs) -> exists gs', In gs' [gs] /\ incone w (rays gs'))) by
    (intros gs w Hw; exists gs; simpl; auto).
  induction fuel as [|fuel IH]; intros [|X hyps] gs l E HM; simpl in E; try discriminate.
  - inversion E; subst. split; auto. intros gs' [<-|[]]; auto.
  - inversion E; subst. split; auto. intros gs' [<-|[]]; auto.
  - destruct (split3 X gs) as [[P M] Z] eqn:ES. destruct (split3_ok _ _ _ _ _ ES) as (HP & HPp & HMn).
    destruct P as [|[sa a] P]; [apply IH in E; auto|]. destruct M as [|[sb b] M]; [apply IH in E; auto|].
    set (g := mk (shrink (comb (z0 -! sb) sa (fst a) (fst b)))) in *.
    set (rest := map snd P ++ map snd M ++ Z) in *.
    assert (HP' : Permutation gs (a :: b :: rest)).
    { apply Permutation_trans with (1 := HP). simpl. constructor. unfold rest.
      apply Permutation_sym. apply Permutation_trans with (b :: map snd P ++ map snd M ++ Z); [auto|apply Permutation_middle]. }
    assert (HMr : Forall made (a :: b :: rest)) by (eapply Permutation_Forall; eauto).
    inversion HMr; subst. inversion H2; subst.
    assert (MG : made g) by reflexivity.
    destruct (refine fuel (X :: hyps) (g :: b :: rest)) as [l1|] eqn:E1; [|discriminate].
    destruct (refine fuel (X :: hyps) (a :: g :: rest)) as [l2|] eqn:E2; [|discriminate].
    inversion E; subst. apply IH in E1; [|repeat constructor; auto]. apply IH in E2; [|repeat constructor; auto].
    destruct E1 as [A1 B1], E2 as [A2 B2]. split.
    + intros w Hw. apply (incone_perm _ _ (rays (a :: b :: rest))) in Hw; [|apply Permutation_map; auto].
      assert (0 < r sa) by (apply (HPp (sa, a)); left; auto). assert (r sb < 0) by (apply (HMn (sb, b)); left; auto).
      destruct (shrink_ok (comb (z0 -! sb) sa (fst a) (fst b))) as (k & Hk & Hs).
      destruct (incone_cut w (rv (fst a)) (rv (fst b)) (rv (fst g)) (k * - r sb) (k * r sa) (rays rest)) as [C|C]; auto.
      * apply Rmult_lt_0_compat; lra.
      * apply Rmult_lt_0_compat; lra.
      * intros Y. unfold g; simpl. rewrite Hs, comb_ok, toR_sub, toR_zero. ring.
      * destruct (A1 w C) as (gs' & I & J). exists gs'. split; auto. apply in_or_app; auto.
      * destruct (A2 w C) as (gs' & I & J). exists gs'. split; auto. apply in_or_app; auto.
    + intros gs' I. apply in_app_or in I. destruct I; auto.
Qed.

(* leaves: on all generators, and so on the cone, each sample is in one closed piece *)
Fixpoint forms (rs : list (list t)) (D : list (list t * list t)) : option (list (list t)) :=
  match D with
  | [] => Some []
  | d :: D' => match piece_for rs (fst d) [] (fst h) (snd h), forms rs D' with
      | Some so, Some l => Some (form (fst d) so :: l) | _, _ => None end
  end.
Fixpoint eqs (ray : list t) (F : list (list t)) (H : list t) : bool :=
  match F, H with [], [] => true | f :: F', v :: H' => eqb K (dotT K ray f) v && eqs ray F' H' | _, _ => false end.
Definition leaf_ok (gs : list gen) : bool :=
  match forms (map fst gs) D with
  | None => false
  | Some F => forallb (fun g : gen => eqs (fst g) F (fst (snd g))) gs
  end.
Fixpoint contT (ps : list (t * t * t)) (last : t * t) : bool :=
  match ps with
  | [] => true
  | p :: ps' => eqb K (plinT K ps' last (fst (fst p))) (snd (fst p) *! fst (fst p) +! snd p) && contT ps' last
  end.

Definition raps (ps : list (t * t * t)) := map (fun p : t * t * t => (r (fst (fst p)), r (snd (fst p)), r (snd p))) ps.
Definition rlast (last : t * t) := (r (fst last), r (snd last)).
Lemma plinT_ok ps last z : r (plinT K ps last z) = plin (raps ps) (rlast last) (r z).
Proof. exact (evT_ok K KR (ps, last) z). Qed.

Lemma wall_val x b row : dot (1 :: row) (rv (wall x b)) = dot row (ext bh (rv x)) - r b.
Proof. unfold wall. simpl. rewrite extT_ok, toR_sub, toR_zero. ring. Qed.
Lemma dot_scale_r k : forall u v, dot u (map (Rmult k) v) = k * dot u v.
Proof. induction u; intros [|y v]; simpl; try ring. rewrite IHu; ring. Qed.
Lemma form_val x so row : dot (1 :: row) (rv (form x so)) = r (fst so) * dot row (ext bh (rv x)) + r (snd so).
Proof. unfold form. simpl. rewrite rv_scale, extT_ok, dot_scale_r. ring. Qed.

Lemma inP_ok los hi x rs row : forallb (inP los hi x) rs = true -> incone (1 :: row) (map rv rs) ->
  (forall b, In b los -> r b <= dot row (ext bh (rv x))) /\
  match hi with None => True | Some b => dot row (ext bh (rv x)) <= r b end.
Proof.
  intros H (ls & L & F & E). rewrite forallb_forall in H. unfold inP in H. split.
  - intros b Hb. cut (0 <= dot (1 :: row) (rv (wall x b))); [rewrite wall_val; lra|]. rewrite E.
    apply dsum_ge0; auto. apply Forall_forall. intros p Hp. apply in_map_iff in Hp. destruct Hp as (q & <- & Hq).
    apply H, andb_prop in Hq. destruct Hq as [Hq _]. rewrite forallb_forall in Hq. apply Hq, (leb_ok KR) in Hb.
    rewrite toR_zero, dotT_ok in Hb. auto.
  - destruct hi as [b|]; auto. cut (dot (1 :: row) (rv (wall x b)) <= 0); [rewrite wall_val; lra|]. rewrite E.
    apply dsum_le0; auto. apply Forall_forall. intros p Hp. apply in_map_iff in Hp. destruct Hp as (q & <- & Hq).
    apply H, andb_prop in Hq. destruct Hq as [_ Hq]. apply (leb_ok KR) in Hq. rewrite toR_zero, dotT_ok in Hq. auto.
Qed.

Lemma piece_for_ok x rs row : incone (1 :: row) (map rv rs) -> forall ps last los so,
  piece_for rs x los ps last = Some so -> contT ps last = true ->
  plin (raps ps) (rlast last) (dot row (ext bh (rv x))) = r (fst so) * dot row (ext bh (rv x)) + r (snd so) /\
  forall b, In b los -> r b <= dot row (ext bh (rv x)).
Proof.
  intros HC. set (z := dot row (ext bh (rv x))). induction ps as [|p ps IH]; intros last los so E HT; simpl in E.
  - destruct (forallb _ rs) eqn:EF; [|discriminate]. inversion E; subst. apply (inP_ok _ _ _ _ row) in EF; auto.
    simpl. tauto.
  - simpl in HT. apply andb_prop in HT. destruct HT as [HT1 HT2]. destruct (forallb _ rs) eqn:EF.
    + inversion E; subst. apply (inP_ok _ _ _ _ row) in EF; auto. destruct EF as [EF1 EF2]. split; auto.
      simpl. fold z in EF2. destruct (Rle_dec z (r (fst (fst p)))); [auto|contradiction].
    + destruct (IH _ _ _ E HT2) as [I1 I2]. split; [|intros; apply I2; right; auto].
      assert (Hz : r (fst (fst p)) <= z) by (apply I2; left; auto).
      simpl. destruct (Rle_dec z (r (fst (fst p)))) as [HL|HL]; [|exact I1].
      assert (Ez : z = r (fst (fst p))) by lra. rewrite <- I1.
      apply (eqb_ok KR) in HT1. rewrite plinT_ok, toR_add, toR_mul in HT1. rewrite Ez. auto.
Qed.

Lemma forms_ok rs row : incone (1 :: row) (map rv rs) -> contT (fst h) (snd h) = true ->
  forall D F, forms rs D = Some F ->
  map (fun d => ev (ra KR h) (dot row (ext bh (rv (fst d))))) D = map (fun f => dot (1 :: row) (rv f)) F.
Proof.
  intros HC HT. induction D0 as [|d D0 IH]; intros F E; simpl in E; [inversion E; auto|].
  destruct (piece_for rs (fst d) [] (fst h) (snd h)) eqn:EP; [|discriminate]. destruct (forms rs D0) eqn:EF; [|discriminate].
  inversion E; subst. cbn [map]. f_equal; auto. rewrite form_val.
  destruct (piece_for_ok _ _ _ HC _ _ _ _ EP HT) as [I1 _]. exact I1.
Qed.

Fixpoint wsum (ls vs : list R) : R := match ls, vs with l :: ls', v :: vs' => l * v + wsum ls' vs' | _, _ => 0 end.
Lemma dot_lin {I} (A B : I -> R) l : forall u F, dot u (map (fun f => l * A f + B f) F) = l * dot u (map A F) + dot u (map B F).
Proof. induction u; intros [|f F]; simpl; try ring. rewrite IHu. ring. Qed.
Lemma dot_0 {I} (A : I -> R) : forall u F, (forall f, A f = 0) -> dot u (map A F) = 0.
Proof. induction u; intros [|f F] H; simpl; auto. rewrite H, IHu; auto. ring. Qed.
Lemma eqs_ok ray : forall F H, eqs ray F H = true -> map (fun f => dot (rv ray) (rv f)) F = rv H.
Proof.
  induction F as [|f F IH]; intros [|v H] E; simpl in E; try discriminate; auto.
  apply andb_prop in E. destruct E as [E1 E2]. apply (eqb_ok KR) in E1. rewrite dotT_ok in E1. simpl. f_equal; auto.
Qed.
Lemma dsum_cols gv F : forall gs ls, forallb (fun g : gen => eqs (fst g) F (fst (snd g))) gs = true ->
  dot (rv gv) (map (fun f => dsum ls (rays gs) (rv f)) F) = wsum ls (map (fun g : gen => r (dotT K gv (fst (snd g)))) gs).
Proof.
  induction gs as [|g gs IH]; intros ls E.
  - simpl. rewrite dot_0; [destruct ls; auto|]. intros f; destruct ls; auto.
  - simpl in E. apply andb_prop in E. destruct E as [E1 E2]. destruct ls as [|l ls].
    + simpl. apply dot_0. auto.
    + simpl. rewrite dot_lin. rewrite IH; auto. f_equal. f_equal. rewrite (eqs_ok _ _ _ E1), dotT_ok. reflexivity.
Qed.
Lemma wsum_le0 : forall ls vs, Forall (fun l => 0 <= l) ls -> Forall (fun v => v <= 0) vs -> wsum ls vs <= 0.
Proof.
  induction ls; intros [|v vs] F H; simpl; try lra. inversion F; inversion H; subst.
  assert (wsum ls vs <= 0) by auto. nra.
Qed.
Lemma wsum_ge0 : forall ls vs, Forall (fun l => 0 <= l) ls -> Forall (fun v => 0 <= v) vs -> 0 <= wsum ls vs.
Proof.
  induction ls; intros [|v vs] F H; simpl; try lra. inversion F; inversion H; subst.
  assert (0 <= wsum ls vs) by auto. nra.
Qed.

Definition phi (gv : list t) (row : list R) : R :=
  dot (rv gv) (map (fun d => ev (ra KR h) (dot row (ext bh (rv (fst d))))) D).
Definition m1 (g : gen) : N := fst (snd (snd g)).
Definition m2 (g : gen) : N := snd (snd (snd g)).
Fixpoint land (sel : gen -> N) (gs : list gen) : N :=
  match gs with [] => N.ones (N.of_nat (length G)) | g :: gs' => N.land (sel g) (land sel gs') end.
Lemma land_ok sel k : forall gs, N.testbit (land sel gs) k = true ->
  (k < N.of_nat (length G))%N /\ forall g, In g gs -> N.testbit (sel g) k = true.
Proof.
  induction gs as [|g gs IH]; intros E; simpl in E.
  - apply N.ones_spec_iff in E. split; [auto|intros ? []].
  - rewrite N.land_spec in E. apply andb_prop in E. destruct E as [E1 E2]. destruct (IH E2). split; [auto|].
    intros g' [<-|H']; auto.
Qed.

Lemma leaf_admissible gs row : contT (fst h) (snd h) = true -> leaf_ok gs = true -> Forall made gs ->
  incone (1 :: row) (rays gs) -> forall k,
  (N.testbit (land m1 gs) (N.of_nat k) = true -> phi (nth k G []) row <= 0) /\
  (N.testbit (land m2 gs) (N.of_nat k) = true -> 0 <= phi (nth k G []) row).
Proof.
  intros HT HL HM HC k. unfold leaf_ok in HL. destruct (forms (map fst gs) D) as [F|] eqn:EF; [|discriminate].
  assert (HC' : incone (1 :: row) (map rv (map fst gs))) by (rewrite map_map; exact HC).
  unfold phi. rewrite (forms_ok _ _ HC' HT _ _ EF). destruct HC as (ls & L & FF & E).
  rewrite (map_ext _ (fun f => dsum ls (rays gs) (rv f))) by (intros; apply E).
  rewrite dsum_cols; auto. rewrite Forall_forall in HM. split; intros HB; apply land_ok in HB; destruct HB as [_ HB].
  - apply wsum_le0; auto. apply Forall_forall. intros v Hv. apply in_map_iff in Hv. destruct Hv as (g & <- & Hg).
    assert (Q := HB g Hg). rewrite (HM g Hg) in Q. unfold m1, mk in Q. simpl in Q. apply mask_ok in Q.
    destruct Q as [Q _]. unfold neg in Q. apply (leb_ok KR) in Q. rewrite toR_zero in Q. rewrite (HM g Hg). exact Q.
  - apply wsum_ge0; auto. apply Forall_forall. intros v Hv. apply in_map_iff in Hv. destruct Hv as (g & <- & Hg).
    assert (Q := HB g Hg). rewrite (HM g Hg) in Q. unfold m2, mk in Q. simpl in Q. apply mask_ok in Q.
    destruct Q as [Q _]. unfold pos in Q. apply (leb_ok KR) in Q. rewrite toR_zero in Q. rewrite (HM g Hg). exact Q.
Qed.

(* the root: nu >= 0 *)
Fixpoint lines (n : nat) : list (list t) :=
  match n with O => [] | S n' => [one K] :: [z0 -! one K] :: map (cons z0) (lines n') end.
Definition root (n : nat) : list (list t) := [one K] :: map (cons z0) (lines n).
Lemma dsum_nil : forall ls A, dsum ls A [] = 0.
Proof. induction ls; intros [|p A]; simpl; auto. rewrite IHls. destruct p; simpl; ring. Qed.
Lemma dsum_shift x X : forall ls A, dsum ls (map rv (map (cons z0) A)) (x :: X) = dsum ls (map rv A) X.
Proof. induction ls; intros [|p A]; simpl; auto. rewrite IHls, toR_zero. ring. Qed.
Lemma lines_ok : forall row, incone row (map rv (lines (length row))).
Proof.
  induction row as [|a row (ls & L & F & E)].
  - exists []. simpl. auto.
  - exists (Rmax a 0 :: Rmax (-a) 0 :: ls). simpl. rewrite !map_length in *. split; [lia|]. split.
    + constructor; [apply Rmax_r|constructor; [apply Rmax_r|auto]].
    + intros [|x X].
      * rewrite dsum_nil. simpl. ring.
      * rewrite dsum_shift, <- E. simpl. rewrite toR_sub, toR_zero, toR_one.
        unfold Rmax. destruct (Rle_dec a 0), (Rle_dec (-a) 0); try ring.
        -- replace a with 0 by lra. ring.
        -- exfalso; lra.
Qed.
Lemma root_ok row : incone (1 :: row) (map rv (root (length row))).
Proof.
  destruct (lines_ok row) as (ls & L & F & E). exists (1 :: ls). simpl. rewrite !map_length in *. split; [lia|]. split.
  - constructor; [lra|auto].
  - intros [|x X]; [rewrite dsum_nil; simpl; ring|]. rewrite dsum_shift, <- E. simpl. rewrite toR_one. ring.
Qed.

(* the cover *)
Fixpoint cover (n : nat) (acc : N) (B : list N) : bool :=
  match n with
  | O => negb (acc =? 0)%N
  | S n' => (fix go (B : list N) : bool :=
      match B with [] => true | b :: B' => cover n' (N.land acc b) B && go B' end) B
  end.
Lemma cover_ok : forall n acc B us, cover n acc B = true -> length us = n -> (forall u, In u us -> In u B) ->
  exists k, N.testbit acc k = true /\ forall u, In u us -> N.testbit u k = true.
Proof.
  induction n as [|n IH]; intros acc B us E L H.
  - destruct us; [|discriminate]. simpl in E. exists (N.log2 acc). split; [|intros ? []].
    apply N.bit_log2. intros ->. discriminate.
  - revert H. induction B as [|b B IHB]; intros H.
    + destruct us as [|u us]; [discriminate|]. destruct (H u); left; auto.
    + cbn [cover] in E. apply andb_prop in E. destruct E as [E1 E2].
      destruct (in_dec N.eq_dec b us) as [I|I].
      * destruct (in_split _ _ I) as (u1 & u2 & ->).
        destruct (IH _ _ (u1 ++ u2) E1) as (k & K1 & K2).
        { rewrite app_length in *. simpl in L. lia. }
        { intros u Hu. apply H. apply in_app_or in Hu. apply in_or_app. simpl. tauto. }
        rewrite N.land_spec in K1. apply andb_prop in K1. destruct K1 as [K0 K1]. exists k. split; auto.
        intros u Hu. apply in_app_or in Hu. destruct Hu as [Hu|[<-|Hu]]; auto; apply K2, in_or_app; auto.
      * apply IHB; auto. intros u Hu. destruct (H u Hu) as [<-|]; auto. contradiction.
Qed.

Definition masks (l : list (list gen)) : list N := flat_map (fun gs => [land m1 gs; land m2 gs]) l.
Definition vector_ok (bo : bool) (c rho : t) (ys : list t) (g : list t) : bool :=
  let S := dotT K g ys in
  (negb bo || eqb K (sumT K (fun x => x) g) z0) && (length g =? length ys)%nat && ltb K z0 S &&
  leb K (rho *! dotT K g g) (c *! (S *! S)).
Definition axes (n : nat) : list (list t) := map (fun j => map (fun i => if (i =? S j)%nat then one K else z0) (seq 0 (S n))) (seq 0 n).
Definition labels : list t := map (fun d => hd z0 (snd d)) D.
Definition check_bound (fuel : nat) (dedupe : list N -> list N) (width n : nat) (bo : bool) (c rho : t) : bool :=
  leb K z0 c && contT (fst h) (snd h) && forallb (fun d => (length (snd d) =? 1)%nat) D &&
  forallb (vector_ok bo c rho labels) G &&
  match refine fuel (axes n ++ walls) (map mk (root n)) with
  | None => false
  | Some l => forallb leaf_ok l && cover width (N.ones (N.of_nat (length G))) (dedupe (masks l))
  end.

(* the bound itself *)
Lemma dot_ub gs : forall es S, 0 < S -> dot gs es >= S -> length gs = length es -> 0 < dot gs gs /\ S * S <= dot gs gs * dot es es.
Proof.
  intros es S HS H L.
  assert (A : forall l u v, length u = length v -> 2 * l * dot u v - l * l * dot u u <= dot v v).
  { intros l. induction u; intros [|y v] Q; simpl in *; try discriminate; [lra|].
    assert (2 * l * dot u v - l * l * dot u u <= dot v v) by auto. assert (0 <= (y - l * a) * (y - l * a)) by apply Rle_0_sqr. nra. }
  assert (P : 0 < dot gs gs).
  { destruct (Rle_lt_dec (dot gs gs) 0); auto. exfalso.
    assert (Z : forall u, 0 <= dot u u) by (induction u as [|x u]; simpl; [lra|assert (0 <= x * x) by apply Rle_0_sqr; lra]).
    assert (dot gs gs = 0) by (specialize (Z gs); lra).
    assert (B := A ((dot es es + 1) / S) gs es L). rewrite H0 in B.
    assert ((dot es es + 1) / S * dot gs es >= dot es es + 1).
    { apply Rle_ge. apply Rle_trans with ((dot es es + 1) / S * S); [right; field; lra|]. apply Rmult_le_compat_l; [|lra].
      apply Rmult_le_pos; [specialize (Z es); lra|apply Rlt_le, Rinv_0_lt_compat; auto]. }
    assert (Z' := Z es). lra. }
  split; auto. assert (B := A (S / dot gs gs) gs es L).
  assert (S / dot gs gs * S <= S / dot gs gs * dot gs es).
  { apply Rmult_le_compat_l; [|lra]. apply Rlt_le, Rdiv_lt_0_compat; auto. }
  assert (C : S / dot gs gs * S <= dot es es).
  { replace (S / dot gs gs * (S / dot gs gs) * dot gs gs) with (S / dot gs gs * S) in B by (field; lra). lra. }
  replace (S * S) with (dot gs gs * (S / dot gs gs * S)) by (field; lra). apply Rmult_le_compat_l; lra.
Qed.

Lemma lift (B B' : list N) : (forall b, In b B -> exists b', In b' B' /\ forall k, N.testbit b' k = true -> N.testbit b k = true) ->
  forall us, (forall u, In u us -> In u B) -> exists us', length us' = length us /\ (forall u, In u us' -> In u B') /\
   forall k, (forall u, In u us' -> N.testbit u k = true) -> forall u, In u us -> N.testbit u k = true.
Proof.
  intros H. induction us as [|u us IH]; intros HU.
  - exists []. simpl. repeat split; auto; intros; contradiction.
  - destruct IH as (us' & L & I & P); [intros; apply HU; right; auto|].
    destruct (H u) as (b' & Hb & Pb); [apply HU; left; auto|]. exists (b' :: us'). simpl. repeat split; [lia| |].
    + intros u' [<-|Q]; auto.
    + intros k Hk u' [<-|Q]; auto.
Qed.
Definition act_out : act t := ([], (one K, z0)).
Theorem check_bound_ok fuel dedupe width n bo c rho :
  (forall B b, In b B -> exists b', In b' (dedupe B) /\ forall k, N.testbit b' k = true -> N.testbit b k = true) ->
  check_bound fuel dedupe width n bo c rho = true ->
  forall (out : list R) (W : list (list R)),
    length out = ((if bo then 1 else 0) + width)%nat -> length W = width -> (forall row, In row W -> length row = n) ->
    r rho <= risk (r c) (rN KR [(bo, act_out); (bh, h)]) (rD KR D) [[out]; W].
Proof.
  intros HD HC out W LO LW LR. unfold check_bound in HC.
  apply andb_prop in HC. destruct HC as [HC HR]. apply andb_prop in HC. destruct HC as [HC HV].
  apply andb_prop in HC. destruct HC as [HC HY]. apply andb_prop in HC. destruct HC as [Hc HT].
  apply (leb_ok KR) in Hc. rewrite toR_zero in Hc. rewrite forallb_forall in HV, HY.
  destruct (refine fuel (axes n ++ walls) (map mk (root n))) as [l|] eqn:ER; [|discriminate].
  apply andb_prop in HR. destruct HR as [HL HCov]. rewrite forallb_forall in HL.
  destruct (refine_ok _ _ _ _ ER) as [R1 R2].
  { apply Forall_forall. intros g Hg. apply in_map_iff in Hg. destruct Hg as (q & <- & _). reflexivity. }
  (* one unit *)
  assert (UN : forall v row, length row = n -> exists b, In b (masks l) /\ forall k, N.testbit b (N.of_nat k) = true -> v * phi (nth k G []) row <= 0).
  { intros v row Lr. destruct (R1 (1 :: row)) as (gs & Hgs & Hc').
    { unfold rays. rewrite map_map. simpl. rewrite <- Lr. apply root_ok. }
    assert (Q := leaf_admissible gs row HT (HL _ Hgs) (R2 _ Hgs) Hc').
    destruct (Rle_dec 0 v).
    - exists (land m1 gs). split; [apply in_flat_map; exists gs; simpl; auto|]. intros k Hk. apply Q in Hk. nra.
    - exists (land m2 gs). split; [apply in_flat_map; exists gs; simpl; auto|]. intros k Hk. apply Q in Hk. nra. }
  set (H := fun d : list t * list t => map (fun row => ev (ra KR h) (dot row (ext bh (rv (fst d))))) W).
  (* all units *)
  assert (UA : forall W vs, length vs = length W -> (forall row, In row W -> length row = n) ->
    exists us, length us = length W /\ (forall u, In u us -> In u (masks l)) /\
    forall k, (forall u, In u us -> N.testbit u (N.of_nat k) = true) ->
      dot (rv (nth k G [])) (map (fun d : list t * list t => dot vs (map (fun row => ev (ra KR h) (dot row (ext bh (rv (fst d))))) W)) D) <= 0).
  { clear - UN. induction W as [|row W IH]; intros vs L HW.
    - exists []. simpl. repeat split; auto; [intros ? []|]. intros k _. rewrite dot_0; [lra|]. intros; destruct vs; auto.
    - destruct vs as [|v vs]; [discriminate|]. destruct (IH vs) as (us & L' & I' & P'); [simpl in L; lia|intros; apply HW; right; auto|].
      destruct (UN v row) as (b & Hb & Pb); [apply HW; left; auto|]. exists (b :: us). simpl. repeat split; [lia| |].
      + intros u [<-|Hu]; auto.
      + intros k Hk. rewrite dot_lin. assert (v * phi (nth k G []) row <= 0) by (apply Pb, Hk; left; auto).
        unfold phi in H.
        match goal with |- ?A + ?B <= 0 => assert (B <= 0) by (apply P'; intros; apply Hk; right; auto) end. lra. }
  set (vs := if bo then tl out else out). set (c0 := if bo then hd 0 out else 0).
  assert (Lv : length vs = length W) by (unfold vs; destruct bo; destruct out; simpl in *; lia).
  destruct (UA W vs Lv LR) as (us0 & Lu0 & Iu0 & Pu0).
  destruct (lift _ _ (HD (masks l)) us0 Iu0) as (us & Lu1 & Iu & Pu1).
  assert (Lu : length us = length W) by lia.
  assert (Pu : forall k, (forall u, In u us -> N.testbit u (N.of_nat k) = true) ->
      dot (rv (nth k G [])) (map (fun d : list t * list t => dot vs (map (fun row => ev (ra KR h) (dot row (ext bh (rv (fst d))))) W)) D) <= 0) by (intros k Hk; apply Pu0; apply Pu1; auto).
  destruct (cover_ok width _ _ us HCov) as (kk & K1 & K2); [lia|auto|].
  apply N.ones_spec_iff in K1. set (k := N.to_nat kk). assert (EK : N.of_nat k = kk) by apply N2Nat.id.
  assert (Lk : (k < length G)%nat) by lia.
  set (g := nth k G []). assert (Hg : In g G) by (apply nth_In; auto).
  assert (PP : dot (rv g) (map (fun d : list t * list t => dot vs (H d)) D) <= 0) by (apply Pu; intros; rewrite EK; auto).
  apply HV in Hg. unfold vector_ok in Hg.
  apply andb_prop in Hg. destruct Hg as [Hg G4]. apply andb_prop in Hg. destruct Hg as [Hg G3]. apply andb_prop in Hg. destruct Hg as [G1 G2].
  apply Nat.eqb_eq in G2. apply (ltb_ok KR) in G3. apply (leb_ok KR) in G4. rewrite toR_zero, dotT_ok in G3.
  rewrite !toR_mul, !dotT_ok in G4.
  set (f := fun d : list t * list t => c0 + dot vs (H d)).
  assert (NF : forall d : list t * list t, net (rN KR [(bo, act_out); (bh, h)]) [[out]; W] (rv (fst d)) = [f d]).
  { intros d. simpl. unfold layer. simpl. unfold ev at 1. simpl. f_equal. rewrite toR_one, toR_zero.
    unfold f, c0, vs, H. destruct bo; simpl; [destruct out; [simpl in LO; lia|simpl; ring]|ring]. }
  assert (SG : c0 * dot (rv g) (map (fun _ : list t * list t => 1) D) = 0).
  { unfold c0. destruct bo; [|ring]. simpl in G1. apply (eqb_ok KR) in G1. rewrite toR_zero, sumT_ok in G1.
    cut (dot (rv g) (map (fun _ : list t * list t => 1) D) = sum (fun x => r x) g); [intros ->; rewrite G1; ring|].
    unfold labels in G2. rewrite map_length in G2. revert G2. clear. revert D. induction g as [|x g0 IH]; intros [|d D0] Q; simpl in *; auto; try discriminate.
    rewrite IH by lia. ring. }
  assert (FG : dot (rv g) (map f D) <= 0).
  { unfold f. rewrite (map_ext _ (fun d => c0 * 1 + dot vs (H d))) by (intros; ring). rewrite dot_lin, SG. lra. }
  assert (RL : loss (rN KR [(bo, act_out); (bh, h)]) (rD KR D) [[out]; W] = dot (map (fun d => r (hd z0 (snd d)) - f d) D) (map (fun d => r (hd z0 (snd d)) - f d) D)).
  { rewrite loss_sum. unfold rD. rewrite sum_map. cbn [fst snd]. clear - HY NF. induction D as [|d D0 IH]; [reflexivity|].
    cbn [sum map dot]. rewrite NF. assert (Q := HY d (or_introl eq_refl)). apply Nat.eqb_eq in Q.
    rewrite IH by (intros; apply HY; right; auto). destruct (snd d) as [|y [|]]; try discriminate. simpl. ring. }
  assert (EG : dot (rv g) (map (fun d => r (hd z0 (snd d)) - f d) D) = dot (rv g) (rv labels) - dot (rv g) (map f D)).
  { rewrite (map_ext _ (fun d => (-1) * f d + r (hd z0 (snd d)))) by (intros; ring). rewrite dot_lin.
    replace (rv labels) with (map (fun d : list t * list t => r (hd z0 (snd d))) D) by (unfold labels, rv; rewrite map_map; reflexivity). ring. }
  destruct (dot_ub (rv g) (map (fun d => r (hd z0 (snd d)) - f d) D) (dot (rv g) (rv labels)) G3) as [P1 P2].
  { rewrite EG. lra. }
  { unfold InteriorCheck.rv. rewrite !map_length. unfold labels in G2. rewrite map_length in G2. auto. }
  unfold risk, risk_of; change (total sqd) with loss. rewrite RL. set (E := dot (map _ D) _) in *.
  apply Rmult_le_reg_r with (dot (rv g) (rv g)); auto.
  apply Rle_trans with (1 := G4). rewrite (Rmult_assoc (r c) E), (Rmult_comm E). apply Rmult_le_compat_l; auto.
Qed.
End Bound.
