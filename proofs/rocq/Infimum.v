(* limit: a risk that networks of a width come arbitrarily close to, as an output weight goes to 0 and its unit to infinity. *)
Require Import Reals List Lra Lia Arith Bool.
From Symverify Require Import Spec Losses Theorem1 InteriorMinimum LinearAlgebra Theorem1Proof Numbers InteriorCheck Homogeneous TreeBound.
Import ListNotations.
Open Scope R_scope.

Definition soon0 (P : R -> Prop) : Prop := exists e, 0 < e /\ forall x, 0 < x < e -> P x.
Lemma soon0_and P Q : soon0 P -> soon0 Q -> soon0 (fun x => P x /\ Q x).
Proof.
  intros (e1 & H1 & A) (e2 & H2 & B). exists (Rmin e1 e2). split; [apply Rmin_pos; auto|]. assert (L1 := Rmin_l e1 e2). assert (L2 := Rmin_r e1 e2).
  intros x Hx. split; [apply A|apply B]; lra.
Qed.
(* near nu = 0 the activation on the cone is linear in nu *)
Lemma cone_soon ps last z : exists o, soon0 (fun x => plin_cone ps last z x = plin_cone ps last z 0 + x * o).
Proof.
  induction ps as [|[[t s] o] ps (o' & e & He & IH)].
  - exists (snd last), 1. split; [lra|]. intros x _. simpl. ring.
  - destruct (Rtotal_order z 0) as [N|[E|P]].
    + exists o, (- z / (Rabs t + 1)). assert (A := Rabs_pos t). split; [apply Rdiv_lt_0_compat; lra|]. intros x Hx. simpl.
      assert (B : x * (Rabs t + 1) < - z) by (replace (- z) with (- z / (Rabs t + 1) * (Rabs t + 1)) by (field; lra); apply Rmult_lt_compat_r; lra).
      assert (C := Rle_abs (- t)). rewrite Rabs_Ropp in C. destruct (Rle_dec z (t * x)) as [|L]; [|exfalso; nra]. destruct (Rle_dec z (t * 0)) as [|L]; [ring|exfalso; lra].
    + subst z. destruct (Rle_dec 0 t) as [T|T].
      * exists o, 1. split; [lra|]. intros x Hx. simpl. destruct (Rle_dec 0 (t * x)) as [|L]; [|exfalso; apply L; apply Rmult_le_pos; lra]. destruct (Rle_dec 0 (t * 0)); [ring|exfalso; lra].
      * exists (plin ps last 0), 1. split; [lra|]. intros x Hx. simpl. destruct (Rle_dec 0 (t * x)) as [L|]; [exfalso; nra|]. destruct (Rle_dec 0 (t * 0)); [|exfalso; lra].
        replace (plin_cone ps last 0 x) with (plin_cone ps last (x * 0) (x * 1)) by (f_equal; ring). rewrite plin_cone_scale, plin_cone_1 by lra. ring.
    + exists o', (Rmin e (z / (Rabs t + 1))). assert (A := Rabs_pos t). assert (Q : 0 < z / (Rabs t + 1)) by (apply Rdiv_lt_0_compat; lra). split; [apply Rmin_pos; auto|].
      assert (L1 := Rmin_l e (z / (Rabs t + 1))). assert (L2 := Rmin_r e (z / (Rabs t + 1))). intros x Hx. simpl.
      assert (B : x * (Rabs t + 1) < z) by (replace z with (z / (Rabs t + 1) * (Rabs t + 1)) by (field; lra); apply Rmult_lt_compat_r; lra).
      assert (C := Rle_abs t). destruct (Rle_dec z (t * x)) as [L|]; [exfalso; nra|]. destruct (Rle_dec z (t * 0)) as [L|]; [exfalso; lra|]. apply IH. lra.
Qed.

(* a loss that changes little with its prediction; differentiable ones do *)
Definition lipschitz_near (L : convex_loss) : Prop :=
  forall a v y, exists S e, 0 <= S /\ 0 < e /\ forall x, Rabs x < e -> Rabs (value L [a + x * v] [y] - value L [a] [y]) <= S * Rabs x.
Lemma differentiable_lipschitz L : differentiable L 1 -> lipschitz_near L.
Proof.
  intros H a v y. destruct (H [a] [v] [y] eq_refl eq_refl eq_refl 1) as (e & He & B); [lra|]. set (g := dot (slope L [a] [y]) [v]) in *.
  assert (P := Rabs_pos g). exists (Rabs g + 1), e. split; [lra|]. split; [auto|]. intros x Hx. specialize (B x Hx). cbn [along] in B.
  replace (value L [a + x * v] [y] - value L [a] [y]) with ((value L [a + x * v] [y] - value L [a] [y] - x * g) + x * g) by ring.
  apply Rle_trans with (1 := Rabs_triang _ _). rewrite Rabs_mult. lra.
Qed.
Lemma by_output_lipschitz f df H : (forall y, exists S, 0 <= S /\ forall a a', Rabs (f a' y - f a y) <= S * Rabs (a' - a)) -> lipschitz_near (by_output f df H).
Proof.
  intros B a v y. destruct (B y) as (S & P & B'). exists (S * Rabs v), 1. assert (V := Rabs_pos v). split; [apply Rmult_le_pos; auto|]. split; [lra|]. intros x _. cbn [value by_output sum2].
  replace (f (a + x * v) y + 0 - (f a y + 0)) with (f (a + x * v) y - f a y) by ring. apply Rle_trans with (1 := B' a (a + x * v)).
  replace (a + x * v - a) with (x * v) by ring. rewrite Rabs_mult. lra.
Qed.
Lemma absolute_lipschitz : lipschitz_near absolute_loss.
Proof.
  apply by_output_lipschitz. intros y. exists 1. split; [lra|]. intros a a'. rewrite Rmult_1_l. unfold absolute1.
  replace (a' - a) with ((a' - y) - (a - y)) by ring. apply Rabs_triang_inv2.
Qed.
Lemma quantile_lipschitz tau : lipschitz_near (quantile_loss tau).
Proof.
  apply by_output_lipschitz. intros y. exists (Rabs tau + Rabs (1 - tau)). assert (P := Rabs_pos tau). assert (P' := Rabs_pos (1 - tau)). split; [lra|]. intros a a'.
  assert (Q := Rabs_pos (a' - a)). assert (B1 : Rabs (tau * (a' - a)) <= (Rabs tau + Rabs (1 - tau)) * Rabs (a' - a)) by (rewrite Rabs_mult; nra).
  assert (B2 : Rabs ((1 - tau) * (a' - a)) <= (Rabs tau + Rabs (1 - tau)) * Rabs (a' - a)) by (rewrite Rabs_mult; nra).
  unfold quantile1. destruct (Rle_dec a y), (Rle_dec a' y).
  - replace (tau * (y - a') - tau * (y - a)) with (- (tau * (a' - a))) by ring. rewrite Rabs_Ropp. auto.
  - assert (Rabs ((1 - tau) * (a' - y)) <= Rabs (1 - tau) * Rabs (a' - a)).
    { rewrite Rabs_mult. apply Rmult_le_compat_l; auto. rewrite !Rabs_right; lra. }
    assert (Rabs (tau * (y - a)) <= Rabs tau * Rabs (a' - a)).
    { rewrite Rabs_mult. apply Rmult_le_compat_l; auto. rewrite !Rabs_right; lra. }
    assert (T := Rabs_triang ((1 - tau) * (a' - y)) (- (tau * (y - a)))). rewrite Rabs_Ropp in T.
    replace ((1 - tau) * (a' - y) - tau * (y - a)) with ((1 - tau) * (a' - y) + - (tau * (y - a))) by ring. lra.
  - assert (Rabs ((1 - tau) * (a - y)) <= Rabs (1 - tau) * Rabs (a' - a)).
    { rewrite Rabs_mult. apply Rmult_le_compat_l; auto. rewrite (Rabs_minus_sym a' a), !Rabs_right; lra. }
    assert (Rabs (tau * (y - a')) <= Rabs tau * Rabs (a' - a)).
    { rewrite Rabs_mult. apply Rmult_le_compat_l; auto. rewrite (Rabs_minus_sym a' a), !Rabs_right; lra. }
    assert (T := Rabs_triang (tau * (y - a')) (- ((1 - tau) * (a - y)))). rewrite Rabs_Ropp in T.
    replace (tau * (y - a') - (1 - tau) * (a - y)) with (tau * (y - a') + - ((1 - tau) * (a - y))) by ring. lra.
  - replace ((1 - tau) * (a' - y) - (1 - tau) * (a - y)) with ((1 - tau) * (a' - a)) by ring. auto.
Qed.
Lemma hinge_lipschitz : lipschitz_near hinge_loss.
Proof.
  apply by_output_lipschitz. intros y. exists (Rabs y). split; [apply Rabs_pos|]. intros a a'. rewrite <- Rabs_mult. unfold hinge1.
  replace (y * (a' - a)) with ((1 - y * a) - (1 - y * a')) by ring. rewrite (Rabs_minus_sym (1 - y * a)). generalize (1 - y * a) (1 - y * a'). intros u v.
  unfold Rmax. destruct (Rle_dec 0 v), (Rle_dec 0 u); unfold Rabs; repeat destruct (Rcase_abs _); lra.
Qed.
Lemma linear_lipschitz : lipschitz_near linear_loss.
Proof.
  intros a v y. exists (Rabs (y * v)), 1. split; [apply Rabs_pos|]. split; [lra|]. intros x _. cbn [value linear_loss dot]. rewrite <- Rabs_mult. right. f_equal. ring.
Qed.

Section Infimum.
Variable K : ops.
Variable KR : num K.
Notation t := (T K).
Notation r := (toR KR).
Notation rv := (rv KR).
(* a unit: the sign of its output weight (true: +), u = |v| w, nu = |v| *)
Definition far_unit : Type := (bool * (list t * t))%type.
Variables (bh bo : bool) (h : act t).
Definition signed (s : bool) (x : t) : t := if s then x else z0 -! x.
Definition far_value (us : list far_unit) (x : list t) : t :=
  sumT K (fun u : far_unit => signed (fst u) (plin_coneT K (fst h) (snd h) (dotT K (fst (snd u)) (extT K bh x)) (snd (snd u)))) us.
Definition check_limit (l : list t -> list t -> t) (c : t) (D : list (list t * list t)) (width n : nat) (c0 : t) (us : list far_unit) (rho : t) : bool :=
  leb K z0 c && (length us <=? width)%nat && (bo || (leb K c0 z0 && leb K z0 c0)) &&
  forallb (fun u : far_unit => (length (fst (snd u)) =? n)%nat && leb K z0 (snd (snd u))) us &&
  forallb (fun d : list t * list t => (length (snd d) =? 1)%nat) D &&
  leb K (c *! sumT K (fun d => l [c0 +! far_value us (fst d)] (snd d)) D) rho.

Definition sg (s : bool) : R := if s then 1 else -1.
Definition nu_at (u : far_unit) (x : R) : R := if Rlt_dec 0 (r (snd (snd u))) then r (snd (snd u)) else x.
Definition row_at (u : far_unit) (x : R) : list R := map (Rmult (/ nu_at u x)) (rv (fst (snd u))).
Definition value_at (us : list far_unit) (xs : list R) (x : R) : R :=
  sum (fun u => sg (fst u) * plin_cone (raps K KR (fst h)) (rlast K KR (snd h)) (dot (rv (fst (snd u))) xs) (nu_at u x)) us.
Lemma signed_ok s x : r (signed s x) = sg s * r x.
Proof. unfold signed, sg. destruct s; [ring|]. rewrite toR_sub, toR_zero. ring. Qed.
Lemma value_soon us (F : list (list t * list t)) : (forall u, In u us -> 0 <= r (snd (snd u))) ->
  exists ds, length ds = length F /\ soon0 (fun x => Forall2 (fun d o => value_at us (ext bh (rv (fst d))) x = r (far_value us (fst d)) + x * o) F ds).
Proof.
  intros HN. induction F as [|d F (ds & L & IH)].
  - exists []. split; auto. exists 1. split; [lra|]. intros. constructor.
  - assert (X : exists o, soon0 (fun x => value_at us (ext bh (rv (fst d))) x = r (far_value us (fst d)) + x * o)).
    { clear IH. induction us as [|u us IH].
      - exists 0, 1. split; [lra|]. intros x _. unfold value_at, far_value. simpl. rewrite toR_zero. ring.
      - destruct IH as (o1 & S1); [intros; apply HN; right; auto|]. specialize (HN u (or_introl eq_refl)).
        assert (Y : exists o, soon0 (fun x => sg (fst u) * plin_cone (raps K KR (fst h)) (rlast K KR (snd h)) (dot (rv (fst (snd u))) (ext bh (rv (fst d)))) (nu_at u x) =
          r (signed (fst u) (plin_coneT K (fst h) (snd h) (dotT K (fst (snd u)) (extT K bh (fst d))) (snd (snd u)))) + x * o)).
        { rewrite signed_ok, (plin_coneT_ok K KR), dotT_ok, extT_ok. unfold nu_at. destruct (Rlt_dec 0 (r (snd (snd u)))) as [P|P].
          - exists 0, 1. split; [lra|]. intros x _. ring.
          - replace (r (snd (snd u))) with 0 by lra. destruct (cone_soon (raps K KR (fst h)) (rlast K KR (snd h)) (dot (rv (fst (snd u))) (ext bh (rv (fst d))))) as (o & e & He & H).
            exists (sg (fst u) * o), e. split; auto. intros x Hx. rewrite H by auto. ring. }
        destruct Y as (o2 & S2). exists (o2 + o1). destruct (soon0_and _ _ S1 S2) as (e & He & H). exists e. split; auto. intros x Hx. destruct (H x Hx) as [A B].
        unfold value_at, far_value in *. cbn [sum sumT]. rewrite toR_add, A, B. ring. }
    destruct X as (o & S). exists (o :: ds). split; [simpl; auto|]. destruct (soon0_and _ _ S IH) as (e & He & H). exists e. split; auto. intros x Hx. destruct (H x Hx). constructor; auto.
Qed.

Lemma far_dot x n m xs : forall us, (forall u, In u us -> 0 < nu_at u x) ->
  dot (map (fun u : far_unit => sg (fst u) * nu_at u x) us ++ repeat 0 m)
      (map (fun row => ev (ra KR h) (dot row xs)) (map (fun u => row_at u x) us ++ repeat (repeat 0 n) m)) = value_at us xs x.
Proof.
  unfold value_at. induction us as [|u us IH]; intros P; [simpl; apply dot_rep0|]. cbn [map app sum dot]. rewrite IH by (intros; apply P; right; auto). f_equal.
  rewrite Rmult_assoc. f_equal. assert (Pu := P u (or_introl eq_refl)). unfold ev, ra. cbn [fst snd]. fold (raps K KR (fst h)). fold (rlast K KR (snd h)).
  rewrite <- plin_cone_1, <- plin_cone_scale by auto. unfold row_at. rewrite dot_scale. f_equal; field; lra.
Qed.
Theorem check_limit_ok l g L c D width n c0 us rho : means KR l g L -> lipschitz_near L -> check_limit l c D width n c0 us rho = true ->
  forall eps, 0 < eps -> exists out W, length out = ((if bo then 1 else 0) + width)%nat /\ length W = width /\ (forall row, In row W -> length row = n) /\
    risk_of (value L) (r c) (rN KR [(bo, act_out K); (bh, h)]) (rD KR D) [[out]; W] < r rho + eps.
Proof.
  intros [HV _] DL H eps He. unfold check_limit in H. repeat (apply andb_prop in H; let C := fresh "C" in destruct H as [H C]).
  apply (leb_ok KR) in H, C. rewrite toR_zero in H. apply Nat.leb_le in C3. rewrite forallb_forall in C0, C1.
  assert (HN : forall u, In u us -> length (fst (snd u)) = n /\ 0 <= r (snd (snd u))).
  { intros u Hu. specialize (C1 u Hu). apply andb_prop in C1. destruct C1 as [A B]. apply Nat.eqb_eq in A. apply (leb_ok KR) in B. rewrite toR_zero in B. auto. }
  destruct (value_soon us D (fun u Hu => proj2 (HN u Hu))) as (ds & LD & e1 & He1 & VS).
  (* the risk near the limit *)
  set (DD := combine (rD KR D) ds). set (lim := fun d : list R * list R => [r c0 + 0]).
  set (F := fun x : R => sum (fun q : (list t * list t) * R => value L [r c0 + r (far_value us (fst (fst q))) + x * snd q] (rv (snd (fst q)))) (combine D ds)).
  assert (SD : exists S e2, 0 <= S /\ 0 < e2 /\ forall x, Rabs x < e2 -> Rabs (F x - F 0) <= S * Rabs x).
  { unfold F. assert (HS : forall q, In q (combine D ds) -> length (snd (fst q)) = 1%nat) by (intros [d o] Hq; apply in_combine_l in Hq; apply Nat.eqb_eq, C0; auto).
    revert HS. induction (combine D ds) as [|q S IH]; intros HS.
    - exists 0, 1. split; [lra|]. split; [lra|]. intros x _. simpl. rewrite Rminus_0_r, Rabs_R0. lra.
    - destruct (IH (fun q' Hq => HS q' (or_intror Hq))) as (S1 & e2 & P1 & P2 & H2). assert (L1 := HS q (or_introl eq_refl)).
      destruct (snd (fst q)) as [|y [|]] eqn:Y; try discriminate L1.
      destruct (DL (r c0 + r (far_value us (fst (fst q)))) (snd q) (r y)) as (S2 & e3 & P3 & P4 & H3). exists (S2 + S1), (Rmin e3 e2).
      split; [lra|]. split; [apply Rmin_pos; auto|]. assert (M1 := Rmin_l e3 e2). assert (M2 := Rmin_r e3 e2). intros x Hx. specialize (H2 x ltac:(lra)). specialize (H3 x ltac:(lra)).
      cbn [sum]. rewrite Y. cbn [InteriorCheck.rv map].
      match goal with |- Rabs ?X <= _ => match type of H3 with Rabs ?Y <= _ => match type of H2 with Rabs ?Z <= _ => replace X with (Y + Z) by (rewrite ?Rmult_0_l, ?Rplus_0_r; ring) end end end.
      apply Rle_trans with (1 := Rabs_triang _ _). lra. }
  destruct SD as (S & e2 & PS & He2 & SD).
  assert (F0 : r c * F 0 <= r rho).
  { apply Rle_trans with (2 := C). rewrite toR_mul, sumT_ok. right. f_equal. unfold F. clear - HV LD. revert ds LD. induction D as [|d D0 IH]; intros [|o ds] LD; try discriminate; simpl; auto.
    rewrite (IH ds) by (simpl in LD; lia). f_equal. rewrite HV. f_equal. cbn [InteriorCheck.rv map]. f_equal. rewrite toR_add. ring. }
  (* a small enough x *)
  set (M := r c * S + 1). assert (PM : 0 < M) by (unfold M; nra).
  set (x := Rmin (Rmin (e1 / 2) (e2 / 2)) (eps / (2 * M))). assert (PX : 0 < x) by (apply Rmin_pos; [apply Rmin_pos; lra|apply Rdiv_lt_0_compat; lra]).
  assert (X1 : x < e1) by (unfold x; assert (A := Rmin_l (Rmin (e1 / 2) (e2 / 2)) (eps / (2 * M))); assert (B := Rmin_l (e1 / 2) (e2 / 2)); lra).
  assert (X2 : x < e2) by (unfold x; assert (A := Rmin_l (Rmin (e1 / 2) (e2 / 2)) (eps / (2 * M))); assert (B := Rmin_r (e1 / 2) (e2 / 2)); lra).
  assert (X3 : x * M <= eps / 2) by (replace (eps / 2) with (eps / (2 * M) * M) by (field; lra); apply Rmult_le_compat_r; [lra|apply Rmin_r]).
  set (vs := map (fun u : far_unit => sg (fst u) * nu_at u x) us). set (Z := repeat 0 (width - length us)).
  exists ((if bo then [r c0] else []) ++ vs ++ Z), (map (fun u => row_at u x) us ++ repeat (repeat 0 n) (width - length us)).
  assert (PN : forall u, In u us -> 0 < nu_at u x) by (intros u Hu; unfold nu_at; destruct (Rlt_dec 0 _); auto).
  split; [|split; [|split]].
  - unfold vs, Z. rewrite !app_length, map_length, repeat_length. destruct bo; simpl; lia.
  - rewrite app_length, map_length, repeat_length. lia.
  - intros row Hr. apply in_app_or in Hr. destruct Hr as [Hr|Hr]; [|apply repeat_spec in Hr; subst; apply repeat_length].
    apply in_map_iff in Hr. destruct Hr as (u & <- & Hu). unfold row_at, InteriorCheck.rv. rewrite !map_length. apply HN; auto.
  - assert (NET : forall d : list t * list t, net (rN KR [(bo, act_out K); (bh, h)]) [[(if bo then [r c0] else []) ++ vs ++ Z]; map (fun u => row_at u x) us ++ repeat (repeat 0 n) (width - length us)] (rv (fst d)) =
        [r c0 + value_at us (ext bh (rv (fst d))) x]).
    { intros d. simpl. unfold layer. simpl. unfold ev at 1. simpl. f_equal. rewrite toR_one, toR_zero.
      assert (E0 : bo = false -> r c0 = 0).
      { intros B. rewrite B in C2. simpl in C2. apply andb_prop in C2. destruct C2 as [A1 A2]. apply (leb_ok KR) in A1, A2. rewrite toR_zero in *. lra. }
      assert (DV : dot (vs ++ Z) (map (fun row => ev (ra KR h) (dot row (ext bh (rv (fst d))))) (map (fun u => row_at u x) us ++ repeat (repeat 0 n) (width - length us))) = value_at us (ext bh (rv (fst d))) x).
      { apply far_dot; auto. }
      destruct bo; simpl; [rewrite DV; ring|rewrite DV, E0; auto; ring]. }
    unfold risk_of. rewrite total_sum. unfold rD. rewrite sum_map. cbn [fst snd].
    replace (sum (fun d : list t * list t => value L (net (rN KR [(bo, act_out K); (bh, h)]) [[(if bo then [r c0] else []) ++ vs ++ Z]; map (fun u => row_at u x) us ++ repeat (repeat 0 n) (width - length us)] (rv (fst d))) (rv (snd d))) D) with (F x).
    2:{ unfold F. assert (V := VS x ltac:(lra)). rewrite (sum_ext _ (fun d => value L [r c0 + value_at us (ext bh (rv (fst d))) x] (rv (snd d)))) by (intros d _; rewrite NET; auto).
        assert (G : forall D' ds', Forall2 (fun (d : list t * list t) o => value_at us (ext bh (rv (fst d))) x = r (far_value us (fst d)) + x * o) D' ds' ->
          sum (fun q : (list t * list t) * R => value L [r c0 + r (far_value us (fst (fst q))) + x * snd q] (rv (snd (fst q)))) (combine D' ds') =
          sum (fun d : list t * list t => value L [r c0 + value_at us (ext bh (rv (fst d))) x] (rv (snd d))) D').
        { intros D' ds' V'. induction V' as [|d o D' ds' E V' IH]; simpl; auto. rewrite IH. f_equal. f_equal. f_equal. rewrite E. ring. }
        apply G. exact V. }
    assert (Q := SD x ltac:(rewrite Rabs_right; lra)). rewrite (Rabs_right x) in Q by lra. assert (Q1 := Rle_abs (F x - F 0)).
    assert (Q4 : r c * F x <= r c * F 0 + r c * (x * S)) by (rewrite <- Rmult_plus_distr_l; apply Rmult_le_compat_l; lra).
    assert (Q5 : r c * (x * S) <= x * M) by (unfold M; nra). lra.
Qed.
End Infimum.
